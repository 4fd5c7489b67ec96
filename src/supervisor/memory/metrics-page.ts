import type { MetricsPage } from '../contract/actor.ts';

/** The kernel's own words in front of an actor's counters. */
const KERNEL_WORDS = ['mailbox'] as const;

/**
 * One page of shared counters an actor: it alone writes, anybody reads without waking it. Values are
 * doubles; a read may meet the value before or after a write, never half of one (8-byte aligned stores).
 */
export class MetricsWriter<Metric extends string> implements MetricsPage<Metric> {
  readonly #words: Float64Array;
  readonly #place: ReadonlyMap<string, number>;

  constructor(names: readonly string[], memory: SharedArrayBuffer) {
    this.#words = new Float64Array(memory);
    this.#place = new Map([...KERNEL_WORDS, ...names].map((name, index) => [name, index]));
  }

  add(name: Metric, amount: number): void {
    this.#words[this.#at(name)]! += amount;
  }

  set(name: Metric, value: number): void {
    this.#words[this.#at(name)] = value;
  }

  get(name: Metric): number {
    return this.#words[this.#at(name)]!;
  }

  /** Calls waiting or running in this actor. */
  mailbox(change: 1 | -1): void {
    this.#words[0]! += change;
  }

  #at(name: string): number {
    const place = this.#place.get(name);
    if (place === undefined) throw new TypeError(`no metric named ${name}`);
    return place;
  }
}

export const metricsMemory = (names: readonly string[]): SharedArrayBuffer =>
  new SharedArrayBuffer((KERNEL_WORDS.length + names.length) * Float64Array.BYTES_PER_ELEMENT);

/** Reads a page: the mailbox depth and the actor's counters by name. */
export function readMetrics(names: readonly string[], memory: SharedArrayBuffer): Record<string, number> {
  const words = new Float64Array(memory);
  return Object.fromEntries([...KERNEL_WORDS, ...names].map((name, index) => [name, words[index]!]));
}
