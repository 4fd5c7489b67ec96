import { spawn } from 'node:child_process';
import { failure } from '../../errors.ts';

/** Some file systems write every block of it; even those are through by then, or the download begins without. */
const DEADLINE_MS = 120_000;
/** Of what the program says. */
const MOST_TEXT = 512;

/**
 * Has the file system give an open file all its blocks now. False: it cannot do that, or there is no such program here.
 * Rejects with `E_NO_SPACE`, or when `signal` is aborted.
 *
 * By `fallocate` of util-linux, because Node has no call for it. It is given the descriptor, not the path: whatever is
 * put at the path meanwhile is not touched.
 */
export async function allocateFile(
  fd: number,
  path: string,
  length: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const child = spawn('fallocate', ['--length', String(length), '/proc/self/fd/3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
  });
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (part: string) => {
    if (text.length < MOST_TEXT) text += part;
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  signal.throwIfAborted();
  if (code === 0) return true;
  if (!/no space left|quota exceeded/i.test(text)) return false;
  throw failure('E_NO_SPACE', `the file system has no room for the ${length} bytes of the file`, {
    subject: path,
    retryable: true,
  });
}
