import type { DialectNumber } from './reference-build.ts';
import type { World } from './world.ts';

export const TRANSPORTS = ['tcp', 'quic'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** One test of the matrix. */
export interface Cell {
  /** What it is about: a row of the table. */
  readonly name: string;
  readonly transport: Transport;
  readonly dialect: DialectNumber;
  /** Resolves when it works; throws what is wrong, `Cannot` or `NotYet`. */
  run(world: World): Promise<unknown>;
}

/** The cells of one table. */
export interface Group {
  readonly name: string;
  /** What is tested, in a sentence: stands above the table. */
  readonly about: string;
  readonly cells: readonly Cell[];
}

/** The reference has no way to do it: why. */
export class Cannot extends Error {}

/** Granary does not serve it yet: what it answered. */
export class NotYet extends Error {}

export type Outcome = 'ok' | 'failed' | 'cannot' | 'not-yet';

export interface CellResult {
  readonly group: string;
  readonly name: string;
  readonly transport: Transport;
  readonly dialect: DialectNumber;
  readonly outcome: Outcome;
  /** Why it is not ok, or what is worth saying of it. */
  readonly note: string | null;
  readonly seconds: number;
}

/** One cell for each transport and dialect. */
export function everywhere(name: string, run: (world: World, place: Place) => Promise<unknown>): Cell[] {
  return ([1, 2] as const).flatMap((dialect) =>
    TRANSPORTS.map((transport) => ({
      name,
      transport,
      dialect,
      run: (world: World) => run(world, { transport, dialect }),
    })),
  );
}

export interface Place {
  readonly transport: Transport;
  readonly dialect: DialectNumber;
}
