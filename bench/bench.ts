/** What a benchmark is, and what it gives back. One file a benchmark; `bench/run.ts` knows them by name. */
export interface BenchOptions {
  /** Size in the benchmark's own unit: bytes, files, messages, items. Each says which in its docs. */
  readonly size?: number | undefined;
  /** Interleaved repeats; at least 5 unless asked for fewer. */
  readonly repeat?: number | undefined;
  /** Progress for a person; goes to standard error. */
  log(line: string): void;
}

export interface Beside {
  /** The raw limit measured in the same run. */
  readonly name: string;
  readonly value: number;
  /** Ours divided by it. */
  readonly ratio: number;
}

export interface BenchResult {
  readonly runs: readonly Readonly<Record<string, number | string>>[];
  /** Medians of the figures of `runs`. */
  readonly median: Readonly<Record<string, number>>;
  readonly beside: readonly Beside[];
  /** What makes the figures worth anything: hashes compared, rows counted. */
  readonly checks: readonly { readonly name: string; readonly ok: boolean }[];
}

export interface Bench {
  readonly name: string;
  run(options: BenchOptions): Promise<BenchResult>;
}
