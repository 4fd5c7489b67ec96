import { DecodeError, UNEXPECTED_END } from './decode-error.ts';
import { ARRAY, MAP, SIMPLE, TAG, TEXT, UINT } from './item-reader.ts';
import { KnownNames } from './known-names.ts';
import { MAX_KEY_LENGTH, ScalarReader, utf8 } from './scalar-reader.ts';

const NULL = 22;
const UNDEFINED = 23;

/** How a value is read: called with the reader at it. */
export type FieldReader<T> = (r: Reader) => T;

/** The fields found in a map; a field that was missing is absent. */
export type Found<F extends Readonly<Record<string, FieldReader<unknown>>>> = {
  -readonly [K in keyof F]?: ReturnType<F[K]>;
};

/**
 * Reads CBOR by schema, with the leniency of SCP2P wire, section 1, and nothing beyond it: indefinite lengths, long
 * forms of integers, tags in front of items, unknown text keys and trailing bytes are accepted as the reference
 * accepts them.
 *
 * Every method throws DecodeError and nothing else, whatever the bytes; after that the reader is of no use. Lengths are
 * checked against the input before anything is allocated; nesting stops at MAX_DEPTH; what is skipped is never built.
 * `bytes` and `byteString` give views on the input where they can (valid as long as the input is), everything else is a
 * copy.
 *
 * Every unsigned 64-bit field of the network is a bigint (`u64`), except sizes of files, which must stay below 2^53
 * (`uint(Number.MAX_SAFE_INTEGER)`).
 */
export class Reader extends ScalarReader {
  /** Null (or undefined) as null, anything else by `read`. */
  optional<T>(read: FieldReader<T>): T | null {
    const start = this.at;
    const value = this.head();
    if (this.major === SIMPLE && (value === NULL || value === UNDEFINED)) return null;
    this.at = start;
    return read(this);
  }

  /** An array of any length up to `max` items, each by `read`. */
  array<T>(read: FieldReader<T>, max = Number.MAX_SAFE_INTEGER): T[] {
    const items: T[] = [];
    this.eachItem(() => {
      if (items.length >= max) throw new DecodeError(`more than ${max} items`);
      items.push(read(this));
    });
    return items;
  }

  /** Calls `each` with the reader at every item of an array; `each` must read exactly that item. */
  eachItem(each: () => void): void {
    const count = this.headAfterTags();
    if (this.major !== ARRAY) throw this.unexpected('sequence');
    this.#items(count, each);
  }

  /**
   * A map with text keys. Known fields are read by their reader, unknown text keys are skipped; a known key twice, or
   * a key that is neither text nor bytes, is an error.
   */
  textMap<F extends Readonly<Record<string, FieldReader<unknown>>>>(fields: F): Found<F> {
    const names = new KnownNames(Object.keys(fields));
    const found: Record<string, unknown> = {};
    this.eachKnownEntry(names, (place) => {
      const name = names.names[place]!;
      found[name] = fields[name]!(this);
    });
    return found as Found<F>;
  }

  /**
   * The same for names that are made once: calls `each` with the place of a name and the reader at its value, which it must
   * read. Fastest when the fields come in the order of the names.
   */
  eachKnownEntry(names: KnownNames, each: (place: number) => void): void {
    const seen = new Uint8Array(names.names.length);
    let next = 0;
    this.#eachEntry(() => {
      const place = this.#isPlain(names.octets[next]) ? next : names.placeOf(this.key());
      if (place < 0) return this.skip();
      if (seen[place] === 1) throw new DecodeError(`duplicate field \`${names.names[place]}\``);
      seen[place] = 1;
      next = place + 1;
      each(place);
    });
  }

  /**
   * Calls `each` for every entry of a map with integer keys, with the reader at the value, which it must read or skip.
   * Keys of other kinds come as -1.
   */
  eachIntEntry(each: (key: number) => void): void {
    this.#eachEntry(() => each(this.#intKey()));
  }

  /**
   * The same for a map whose keys are names or unsigned integers (as indices of fields), with no tag in front of any
   * key or value.
   */
  eachNamedOrIndexedEntry(each: (key: string | number) => void): void {
    this.#eachEntry(() => {
      this.refuseTag();
      const start = this.at;
      const index = this.head();
      let key: string | number = index;
      if (this.major !== UINT) {
        this.at = start;
        key = this.key();
      }
      this.refuseTag();
      each(key);
    });
  }

  /**
   * The name of an enum's variant: plain text, or the key of a map of exactly one entry; the content, if the variant
   * has one, is read next.
   */
  variant<N extends string>(known: KnownNames<N>): N {
    const { names, octets } = known;
    for (let i = 0; i < names.length; i++) if (this.#isPlain(octets[i])) return names[i]!;
    const count = this.headAfterTags();
    let name: string;
    if (this.major === TEXT && !this.indefinite && count <= MAX_KEY_LENGTH) name = utf8(this.take(count));
    else if (this.major === MAP && !this.indefinite && count === 1) name = this.key();
    else throw this.unexpected('enum');
    const place = known.placeOf(name);
    if (place >= 0) return names[place]!;
    const quoted = names.map((each) => `\`${each}\``);
    const list = quoted.length === 2 ? quoted.join(' or ') : `one of ${quoted.join(', ')}`;
    throw new DecodeError(`unknown variant \`${name.slice(0, 64)}\`, expected ${list}`);
  }

  /** Throws if a tag comes next. */
  refuseTag(): void {
    if (this.#nextIs(TAG)) throw new DecodeError('unexpected tag');
  }

  /** Whether an array comes next, not behind a tag. */
  nextIsArray(): boolean {
    return this.#nextIs(ARRAY);
  }

  /** Runs `read`, then returns to where the reader was. */
  lookAhead<T>(read: FieldReader<T>): T {
    const start = this.at;
    const value = read(this);
    this.at = start;
    return value;
  }

  /** Whether those octets come next; they are read then. */
  #isPlain(octets: Uint8Array | undefined): boolean {
    if (octets === undefined || octets.length > this.remaining) return false;
    const { input, at } = this;
    for (let i = 0; i < octets.length; i++) if (input[at + i] !== octets[i]) return false;
    this.at = at + octets.length;
    return true;
  }

  #nextIs(major: number): boolean {
    return this.remaining > 0 && (this.input[this.at] as number) >> 5 === major;
  }

  #intKey(): number {
    const start = this.at;
    const key = this.head();
    if (this.major === UINT) return key;
    this.at = start;
    this.skip();
    return -1;
  }

  #eachEntry(each: () => void): void {
    const count = this.headAfterTags();
    if (this.major !== MAP) throw this.unexpected('map');
    this.#items(count, each);
  }

  #items(count: number, each: () => void): void {
    const { indefinite } = this;
    if (count > this.remaining) throw new DecodeError(UNEXPECTED_END);
    this.inside(() => {
      if (indefinite) {
        while (!this.atBreak()) each();
        this.at++;
      } else {
        for (let i = 0; i < count; i++) each();
      }
    });
  }
}
