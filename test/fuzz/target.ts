/** One decoder or sanitiser, and what must hold of it for every input. */
export interface Target {
  /** Also the name of its folder in the corpus. */
  readonly name: string;
  /** What it exercises, as `path below src/` and `export`: the table of decoders is made of these. */
  readonly covers: readonly string[];
  /** What mutations know of its inputs, beside octets. */
  readonly form: 'cbor' | 'text' | 'msgpack' | 'octets';
  /** Real inputs, from which mutations start. */
  seeds(): readonly Uint8Array[];
  /** Throws when a property does not hold: anything that is not the declared error, or a value that is not as promised. */
  run(input: Uint8Array): void | Promise<void>;
  /** Longest input in octets; default 16 KiB. */
  readonly longest?: number;
  /** Some hundred times slower than the others: played so much less in the suite. */
  readonly heavy?: boolean;
}

/** A property does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

/** The value, or null when the declared error was thrown. Anything else goes on its way: it is a violation. */
export function orDeclared<T>(declared: abstract new (...args: never[]) => Error, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof declared) return null;
    throw error;
  }
}

export const utf8 = (text: string): Uint8Array => Buffer.from(text);
/** Text of an input; what is no UTF-8 becomes lone surrogates now and then, as texts of the inside may have them. */
export function textOf(input: Uint8Array): string {
  const text = Buffer.from(input).toString('utf8');
  return input.length % 16 === 7 ? text.replaceAll('\ufffd', '\ud800') : text;
}
