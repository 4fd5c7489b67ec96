import type { DownloadProgress } from './contract.ts';
import { RateWindow } from './rate-window.ts';

/** Octets that are coming in at the moment. */
export interface LiveCount {
  bytes: number;
}

/** Counts a download; pure, the caller brings the time. */
export class ProgressMeter {
  phase: DownloadProgress['phase'] = 'plan';
  peers = 0;
  filesTotal = 0;
  bytesTotal = 0;
  files = 0;
  /** Octets that lay on this disk already. */
  resumed = 0;
  /** Octets that came and are here to stay. */
  whole = 0;
  readonly #live = new Set<LiveCount>();
  readonly #rate = new RateWindow();

  /** Counts octets of a copy that is not whole yet; what is left in it when it is closed has been lost. */
  open(): LiveCount & Disposable {
    const count = { bytes: 0, [Symbol.dispose]: () => void this.#live.delete(count) };
    this.#live.add(count);
    return count;
  }

  /** Files that are done, and octets that are on this disk. */
  get counts(): { files: number; bytes: number } {
    return { files: this.files, bytes: this.#bytes };
  }

  /** Octets that are still to come. */
  get left(): number {
    return this.bytesTotal - this.#bytes;
  }

  get #came(): number {
    let came = this.whole;
    for (const { bytes } of this.#live) came += Math.max(0, bytes);
    return came;
  }

  get #bytes(): number {
    return Math.min(this.bytesTotal, this.resumed + this.#came);
  }

  at(now: number): DownloadProgress {
    const bytes = this.#bytes;
    const rate = this.#rate.at(now, this.#came);
    const left = this.bytesTotal - bytes;
    return {
      phase: this.phase,
      files: this.files,
      files_total: this.filesTotal,
      bytes,
      bytes_total: this.bytesTotal,
      rate,
      eta: left === 0 ? 0 : rate > 0 ? left / rate : null,
      peers: this.peers,
    };
  }
}
