import { Writer } from './writer.ts';

/**
 * Names of fields or variants, with what each is on the wire in its plainest form: a text of known length. A reader that
 * meets those octets need not make a string of them to see which name it is, and a writer copies them.
 */
export class KnownNames<N extends string = string> {
  readonly names: readonly N[];
  /** One item of CBOR each, in the order of the names. */
  readonly octets: readonly Uint8Array[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(names: readonly N[]) {
    this.names = names;
    this.octets = names.map((name) => new Writer().text(name).finish());
    this.#places = new Map(names.map((name, place) => [name, place]));
  }

  /** -1 for one that is not known. */
  placeOf(name: string): number {
    return this.#places.get(name) ?? -1;
  }
}
