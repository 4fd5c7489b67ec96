import type { Clock } from '../../supervisor/contract/clock.ts';
import { BusyTime } from './busy-time.ts';
import type { DownloadResult } from './contract.ts';

/** Where the time of a download goes; the parts overlap. */
export class SpentTimes {
  readonly fetch: BusyTime;
  readonly identify: BusyTime;
  readonly finish: BusyTime;
  planMs = 0;
  /** As the shards tell. */
  verifyMs = 0;
  writeMs = 0;

  constructor(clock: Clock) {
    this.fetch = new BusyTime(clock);
    this.identify = new BusyTime(clock);
    this.finish = new BusyTime(clock);
  }

  inSeconds(): DownloadResult['spent'] {
    return {
      plan: this.planMs / 1000,
      fetch: this.fetch.seconds,
      verify: this.verifyMs / 1000,
      write: this.writeMs / 1000,
      identify: this.identify.seconds,
      finish: this.finish.seconds,
    };
  }
}
