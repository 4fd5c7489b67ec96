import { failure } from '../errors.ts';

/** Where a person sits: what is typed is read, what is asked is written beside the results. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & {
    readonly isTTY?: boolean | undefined;
    setRawMode?: (raw: boolean) => unknown;
  };
  readonly output: { write(text: string): unknown };
}

export const processTerminal: Terminal = { input: process.stdin, output: process.stderr };

const ENTER = new Set(['\r', '\n']);
const BACKSPACE = new Set(['\u007f', '\b']);
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';

/** Asks for a line that is not shown. `E_ABORTED` on Ctrl-C, Ctrl-D and the end of the input. */
export async function askHidden({ input, output }: Terminal, question: string): Promise<string> {
  output.write(question);
  input.setRawMode?.(true);
  input.resume();
  try {
    return await new Promise((resolve, reject) => {
      const given: string[] = [];
      const decoder = new TextDecoder();
      const end = (settle: () => void) => {
        input.off('data', onData);
        input.off('end', onEnd);
        settle();
      };
      const giveUp = () => end(() => reject(failure('E_ABORTED', 'no passphrase was given')));
      const onEnd = giveUp;
      const onData = (piece: Buffer | string) => {
        const text = typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
        for (const character of text) {
          if (ENTER.has(character)) return end(() => resolve(given.join('')));
          if (character === CTRL_C || character === CTRL_D) return giveUp();
          if (BACKSPACE.has(character)) given.pop();
          else if (character === CTRL_U) given.length = 0;
          else given.push(character);
        }
      };
      input.on('data', onData);
      input.on('end', onEnd);
    });
  } finally {
    input.setRawMode?.(false);
    input.pause();
    output.write('\n');
  }
}
