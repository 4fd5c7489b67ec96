/** Words remembered: half an octet an item at a million items. What is asked often is few words. */
const MOST_WORDS = 32;
/** As a share's place of a word: it was not looked for yet. */
const UNKNOWN = 0;

/** Where a word stands among the terms of each share, as `Segment.find` says, by slot. */
export class WordPlaces {
  readonly #bySlot: Int32Array;

  constructor(slots: number) {
    this.#bySlot = new Int32Array(slots);
  }

  get octets(): number {
    return this.#bySlot.byteLength;
  }

  in(slot: number, find: () => number): number {
    const known = this.#bySlot[slot]!;
    if (known !== UNKNOWN) return known > 0 ? known - 1 : known;
    const place = find();
    this.#bySlot[slot] = place >= 0 ? place + 1 : place;
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

  of(word: string, slots: number): WordPlaces {
    const places = this.#words.get(word) ?? new WordPlaces(slots);
    this.#words.delete(word);
    this.#words.set(word, places);
    if (this.#words.size > MOST_WORDS) this.#words.delete(this.#words.keys().next().value!);
    return places;
  }

  /** Once a slot may be of another share. Searches that are under way keep what they began with. */
  clear(): void {
    this.#words.clear();
  }
}
