import type { MetricsPage } from '../contract/actor.ts';

/**
 * The kernel's own words in front of an actor's counters: calls that wait or run in the actor, its heartbeat (a
 * count), and calls of its own that were refused for want of credit.
 */
const KERNEL_WORDS = ['mailbox', 'heartbeat', 'refused'] as const;
export type KernelWord = (typeof KERNEL_WORDS)[number];

/**
 * One page of shared counters an actor: it alone writes, anybody reads without waking it. Values are
 * doubles; a read may meet the value before or after a write, never half of one (8-byte aligned stores).
 */
export class MetricsWriter<Metric extends string> implements MetricsPage<Metric> {
  readonly #words: Float64Array;
  readonly #place: ReadonlyMap<string, number>;

  constructor(names: readonly string[], memory: SharedArrayBuffer) {
    this.#words = new Float64Array(memory);
    this.#place = new Map(names.map((name, index) => [name, KERNEL_WORDS.length + index]));
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
  mailbox(change: number): void {
    this.#words[0]! += change;
  }

  beat(): void {
    this.#words[1]! += 1;
  }

  refused(): void {
    this.#words[2]! += 1;
  }

  #at(name: string): number {
    const place = this.#place.get(name);
    if (place === undefined) throw new TypeError(`no metric named ${name}`);
    return place;
  }
}

export const metricsMemory = (names: readonly string[]): SharedArrayBuffer =>
  new SharedArrayBuffer((KERNEL_WORDS.length + names.length) * Float64Array.BYTES_PER_ELEMENT);

/** The actor's counters by name. */
export function readMetrics(names: readonly string[], memory: SharedArrayBuffer): Record<string, number> {
  const words = new Float64Array(memory);
  return Object.fromEntries(names.map((name, index) => [name, words[KERNEL_WORDS.length + index]!]));
}

export function readKernelWord(word: KernelWord, memory: SharedArrayBuffer): number {
  return new Float64Array(memory)[KERNEL_WORDS.indexOf(word)]!;
}

/** What a dead life had waiting or running means nothing in the next one. */
export function clearMailbox(memory: SharedArrayBuffer): void {
  new Float64Array(memory)[0] = 0;
}
