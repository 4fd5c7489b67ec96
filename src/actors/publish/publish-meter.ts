import type { PublishProgress } from './contract.ts';

/** Between two progress events. */
const PACE_MS = 100;
/** The rate is that of the last seconds. */
const WINDOW_MS = 5_000;

/** Counts a publish; pure, the caller brings the time. */
export class PublishMeter {
  phase: PublishProgress['phase'] = 'walk';
  files = 0;
  filesTotal = 0;
  /** Octets known from the last revision. */
  kept = 0;
  /** Octets hashed now. */
  hashed = 0;
  bytesTotal = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #samples: { at: number; bytes: number }[] = [];

  /** What to tell, if it is time to tell something. */
  due(now: number): PublishProgress | null {
    return now - this.#toldAt < PACE_MS ? null : this.at(now);
  }

  at(now: number): PublishProgress {
    this.#toldAt = now;
    const { phase, files, filesTotal, bytesTotal } = this;
    const bytes = Math.min(this.kept + this.hashed, bytesTotal);
    const left = bytesTotal - bytes;
    const rate = this.#rate(now);
    const eta = left === 0 ? 0 : rate > 0 ? left / rate : null;
    return {
      phase,
      files,
      files_total: filesTotal,
      bytes,
      bytes_total: bytesTotal,
      rate,
      // Nothing is known of the end before everything was found.
      eta: phase === 'walk' ? null : eta,
    };
  }

  #rate(now: number): number {
    this.#samples.push({ at: now, bytes: this.hashed });
    while (this.#samples.length > 2 && now - this.#samples[1]!.at >= WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    return now > first.at ? ((this.hashed - first.bytes) / (now - first.at)) * 1000 : 0;
  }
}
