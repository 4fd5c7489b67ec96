/** Which contents are announced: also those of private shares, also what was downloaded. */
export interface AnnounceScope {
  readonly private: boolean;
  readonly downloads: boolean;
}

/** Contents behind `after`, some of them; `next` null: that was all. */
export interface AnnouncedPage {
  /** 32 octets each, in no order; one may come twice. */
  readonly ids: Uint8Array;
  /** When each was seen here last, as leases count it. */
  readonly epochs: readonly number[];
  readonly next: AnnouncedPlace | null;
}

export interface AnnouncedPlace {
  readonly downloads: boolean;
  readonly contentId: Uint8Array;
}
