// Loaded before a node that is tested (`NODE_OPTIONS=--import`), into each of its threads: wall time is somewhere else.
const shift = Number(process.env.GRANARY_CHAOS_CLOCK_MS ?? 0);
const RealDate = Date;

class ShiftedDate extends RealDate {
  constructor(...given: []) {
    if (given.length === 0) super(RealDate.now() + shift);
    else super(...given);
  }

  static override now(): number {
    return RealDate.now() + shift;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
