import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../src/supervisor/tree/module-url.ts';

/** Starts a script of this folder; its first line of output, as figures. It runs on until it ends or is ended. */
export async function firstLine(
  script: string,
  ...args: (string | number)[]
): Promise<{ child: ChildProcess; figures: Record<string, number> }> {
  const file = fileURLToPath(siblingModule(import.meta.url, `./${script}`));
  const child = spawn(process.execPath, [file, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    child.stdout!.resume();
    return { child, figures: JSON.parse(line) as Record<string, number> };
  }
  throw new Error(`${script} ended without a word`);
}
