/** Words remembered, four octets a share each: what is asked often is few words. */
const MOST_WORDS = 32;
/** As a share's place of a word: it was not looked for yet. */
const UNKNOWN = 0;

/** Where a word stands among the terms of each share, as `Segment.find` says, by the ordinal of the share in the walk. */
export class WordPlaces {
  readonly #byShare: Int32Array;

  constructor(shares: number) {
    this.#byShare = new Int32Array(shares);
  }

  get octets(): number {
    return this.#byShare.byteLength;
  }

  in(ordinal: number, find: () => number): number {
    const known = this.#byShare[ordinal]!;
    if (known !== UNKNOWN) return known > 0 ? known - 1 : known;
    const place = find();
    this.#byShare[ordinal] = place >= 0 ? place + 1 : place;
    return place;
  }
}

/** The places of words that were asked for last and stand in many shares: the next page asks again, and so do others. */
export class TermPlaces {
  readonly #words = new Map<string, WordPlaces>();

  get octets(): number {
    let octets = 0;
    for (const word of this.#words.values()) octets += word.octets;
    return octets;
  }

  of(word: string, shares: number): WordPlaces {
    const places = this.#words.get(word) ?? new WordPlaces(shares);
    this.#words.delete(word);
    this.#words.set(word, places);
    if (this.#words.size > MOST_WORDS) this.#words.delete(this.#words.keys().next().value!);
    return places;
  }

  /** Once an ordinal may be of another share. Searches that are under way keep what they began with. */
  clear(): void {
    this.#words.clear();
  }
}
