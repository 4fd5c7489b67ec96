import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { ioFailure } from '../errors.ts';
import { lastStopFile, runFolder } from '../settings/run-folder.ts';

const schema = z.object({
  pid: z.int(),
  clean: z.boolean(),
  cut: z.array(z.string()),
  /** From the request to the end. */
  seconds: z.number(),
});

/** How the node that ran last on a data folder ended. */
export type LastStop = z.infer<typeof schema>;

/** Null when there is none, or none to be understood. */
export async function readLastStop(home: string): Promise<LastStop | null> {
  try {
    return schema.parse(JSON.parse(await readFile(lastStopFile(home), 'utf8')));
  } catch {
    return null;
  }
}

export async function writeLastStop(home: string, stop: LastStop): Promise<void> {
  const file = lastStopFile(home);
  try {
    await mkdir(runFolder(home), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${JSON.stringify(stop)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw ioFailure(error, file);
  }
}

/** Takes away what an earlier node left, so that nobody mistakes it for this one's. */
export const clearLastStop = (home: string): Promise<void> => rm(lastStopFile(home), { force: true });
