import type { Output } from '../output.ts';
import { secondsText } from '../units.ts';

/** Column at which the seconds of a step stand. */
const WIDTH = 92;
const INDENT = ' '.repeat(17);

/** Tells a run step by step: to people as lines with figures, with `--json` as events. */
export class Story {
  readonly #output: Output;
  #steps = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Runs one step and tells it; `tell` makes a headline, and lines below it, of what came out. */
  async step<T>(
    name: string,
    work: () => Promise<T>,
    tell: (outcome: T, seconds: number) => { lines: readonly string[]; fields: object },
  ): Promise<T> {
    const from = performance.now();
    const outcome = await work();
    const seconds = (performance.now() - from) / 1000;
    const { lines, fields } = tell(outcome, seconds);
    const [headline = '', ...more] = lines;
    const { bold, dim } = this.#output.colors;
    const label = `  ${++this.#steps}  ${name.padEnd(11)} `;
    const text = [
      `${bold(label)} ${headline.padEnd(WIDTH - label.length)}${dim(secondsText(seconds).padStart(8))}`,
      ...more.map((line) => dim(INDENT + line)),
    ].join('\n');
    this.#output.event('step', { step: name, seconds, ...fields }, text);
    return outcome;
  }
}
