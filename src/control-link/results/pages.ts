export interface NextPage {
  /** Cursor of the next page; null: this was the last. */
  readonly next: number | null;
}

export interface FollowedFrom {
  /** `changes` since it are those behind what this list shows. */
  readonly revision: string;
}
