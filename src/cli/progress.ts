import cliProgress from 'cli-progress';
import type { Output } from './output.ts';
import { bytesText, rateText, secondsText } from './units.ts';

export interface Progress {
  readonly phase: string;
  readonly files: number;
  readonly files_total: number;
  readonly bytes: number;
  readonly bytes_total: number;
  readonly rate: number;
  readonly eta: number | null;
}

/** Shows progress events: as event lines with `--json`, as a bar on a terminal, not at all elsewhere. */
export class ProgressView {
  readonly #output: Output;
  #bar: cliProgress.SingleBar | null = null;

  constructor(output: Output) {
    this.#output = output;
  }

  readonly show = (event: { readonly event: 'progress' } & Progress): void => {
    const { event: name, ...fields } = event;
    this.#output.event(name, fields);
    if (!this.#output.drawsProgress) return;
    this.#bar ??= started(event);
    this.#bar.setTotal(Math.max(1, event.bytes_total));
    this.#bar.update(event.bytes, columns(event));
  };

  /** Takes the bar away. */
  done(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}

function started(event: Progress): cliProgress.SingleBar {
  const bar = new cliProgress.SingleBar(
    {
      format: '{phase} {bar} {percentage}%  {files} files  {done}  {speed}  {left}',
      clearOnComplete: true,
      hideCursor: true,
      stream: process.stderr,
      // Ctrl-C belongs to the command.
      gracefulExit: false,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(Math.max(1, event.bytes_total), 0, columns(event));
  return bar;
}

function columns(event: Progress): Record<string, string> {
  return {
    phase: event.phase.padEnd(6),
    files: `${event.files}/${event.files_total}`,
    done: `${bytesText(event.bytes)} of ${bytesText(event.bytes_total)}`,
    speed: rateText(event.rate),
    left: event.eta === null ? '' : `${secondsText(event.eta)} left`,
  };
}
