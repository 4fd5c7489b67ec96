import type { RecheckPlace, RecheckTotals, StoredRecheck } from '../../recheck-types.ts';
import type { RecheckProgress } from '../contract.ts';
import { RateWindow } from '../rate-window.ts';

/** A recheck from its begin to its end, over all lives of the node. */
export class Recheck {
  readonly shareId: string | null;
  readonly started: number;
  readonly totals: RecheckTotals;
  state: StoredRecheck['state'];
  repair: boolean;
  forget: boolean;
  ended: number | null;
  seconds: number;
  done: RecheckTotals;
  passed: number;
  looked: boolean;
  after: RecheckPlace | null;
  part: StoredRecheck['part'];
  bad: number;
  repaired: number;
  /** Octets that were compared before this run. */
  resumedBytes = 0;
  /** Octets that are read and not yet noted. */
  live = 0;
  readonly #rate = new RateWindow();

  constructor(stored: StoredRecheck) {
    this.shareId = stored.shareId;
    this.started = stored.started;
    this.totals = stored.totals;
    this.state = stored.state;
    this.repair = stored.repair;
    this.forget = stored.forget;
    this.ended = stored.ended;
    this.seconds = stored.seconds;
    this.done = stored.done;
    this.passed = stored.passed;
    this.looked = stored.looked;
    this.after = stored.after;
    this.part = stored.part;
    this.bad = stored.bad;
    this.repaired = stored.repaired;
  }

  count(items: number, chunks: number, bytes: number): void {
    const { done } = this;
    this.done = { items: done.items + items, chunks: done.chunks + chunks, bytes: done.bytes + bytes };
  }

  stored(): StoredRecheck {
    const { shareId, state, repair, forget, started, ended, seconds } = this;
    const { totals, done, passed, looked, after, part, bad, repaired } = this;
    const place = after && { place: after.place, path: after.path };
    return {
      ...{ shareId, state, repair, forget, started, ended, seconds },
      ...{ totals, done, passed, looked, after: place, part, bad, repaired },
    };
  }

  progress(now: number): RecheckProgress {
    const { done, totals, looked, bad, repaired } = this;
    const read = this.passed + this.live;
    // Files may have come since it began.
    const total = looked ? read : Math.max(totals.bytes, read);
    const rate = this.#rate.at(now, read);
    const left = total - read;
    return {
      phase: looked ? 'repair' : 'check',
      files: done.items,
      files_total: Math.max(totals.items, done.items),
      bytes: read,
      bytes_total: total,
      rate,
      eta: left === 0 ? 0 : rate > 0 ? left / rate : null,
      bad,
      repaired,
    };
  }
}
