import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { CheckedPart, FilePart } from './contract.ts';
import { threadFailure } from './hash-job.ts';
import type { JobStep, PoolJob } from './pool.ts';
import { type PartOutcome, SPAN } from './pool-task.ts';

/** Parts a task reads: enough small ones that its way to the thread and back does not count. */
const PARTS_A_TASK = 64;

export type CheckResult = CheckedPart | { readonly index: number; readonly error: ErrorRecord };

/** The reading of parts of files, in their order as far as several threads have one. */
export class CheckJob implements PoolJob {
  readonly background = true;
  readonly #parts: readonly FilePart[];
  /** Tasks under way at once. */
  readonly #most: number;
  readonly #onChange: () => void;
  /** Places in `parts` whose thread died: each is looked at alone. */
  readonly #suspects: number[] = [];
  #results: CheckResult[] = [];
  #next = 0;
  #running = 0;
  #settled = 0;
  #cancelled = false;

  constructor(parts: readonly FilePart[], gentle: boolean, onChange: () => void) {
    this.#parts = parts;
    this.#most = gentle ? 1 : Number.POSITIVE_INFINITY;
    this.#onChange = onChange;
  }

  /** Every part has a result, and all were taken. */
  get ended(): boolean {
    return this.#settled === this.#parts.length && this.#results.length === 0;
  }

  /** What came since the last time. */
  take(): readonly CheckResult[] {
    const taken = this.#results;
    this.#results = [];
    return taken;
  }

  /** Whoever waited is gone. */
  cancel(): void {
    this.#cancelled = true;
  }

  next(_thread: number, idle: boolean): JobStep | null {
    if (this.#cancelled || this.#running >= this.#most) return null;
    if (this.#next < this.#parts.length) return this.#step(this.#nextPlaces(), false);
    return idle && this.#suspects.length > 0 ? this.#step([this.#suspects.shift()!], true) : null;
  }

  /** Any thread can go on with any part. */
  needs(): boolean {
    return false;
  }

  #nextPlaces(): readonly number[] {
    const places: number[] = [];
    for (let octets = 0; this.#next < this.#parts.length && places.length < PARTS_A_TASK; this.#next++) {
      const { from, to } = this.#parts[this.#next]!;
      octets += to - from;
      if (octets > SPAN && places.length > 0) break;
      places.push(this.#next);
    }
    return places;
  }

  #step(places: readonly number[], alone: boolean): JobStep {
    this.#running++;
    const parts = places.map((place) => this.#parts[place]!);
    return {
      task: { kind: 'check', parts },
      alone,
      done: (result) => {
        if (result.kind !== 'check') throw new TypeError(`a check was answered by ${result.kind}`);
        this.#running--;
        for (const [i, outcome] of result.outcomes.entries()) this.#settle(resultOf(places[i]!, outcome));
        this.#onChange();
      },
      lost: (cause) => {
        this.#running--;
        if (alone) this.#settle({ index: places[0]!, error: threadFailure(parts[0]!.path, cause) });
        else this.#suspects.push(...places);
        this.#onChange();
      },
    };
  }

  #settle(result: CheckResult): void {
    this.#settled++;
    if (!this.#cancelled) this.#results.push(result);
  }
}

function resultOf(index: number, outcome: PartOutcome): CheckResult {
  if (outcome.kind === 'failed') return { index, error: outcome.error };
  const { look, hashes, unreadable } = outcome;
  const { size, mtimeNs, ctimeNs, inode } = look;
  return { index, size, mtimeNs, ctimeNs, inode, hashes, unreadable };
}
