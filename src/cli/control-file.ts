import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { API_MAJOR, API_VERSION } from '../control-link/limits.ts';
import { failure } from '../errors.ts';
import { controlFile } from '../settings/run-folder.ts';
import type { ActorError } from '../supervisor/contract/actor-error.ts';
import { shellWord } from './shell-word.ts';

const schema = z.object({
  pid: z.int().positive(),
  socket: z.string().min(1),
  version: z.string(),
  api: z.string(),
});

export type ControlFile = z.infer<typeof schema>;

/** What the node on this data folder says of itself. `E_NO_DAEMON` without one, `E_API_MISMATCH` for a stranger. */
export async function readControlFile(home: string): Promise<ControlFile> {
  let text: string;
  try {
    text = await readFile(controlFile(home), 'utf8');
  } catch {
    throw noDaemon(home);
  }
  const found = schema.safeParse(parsed(text));
  if (!found.success) throw noDaemon(home);
  const { api, version } = found.data;
  if (Number(api.split('.', 1)[0]) !== API_MAJOR) {
    throw failure(
      'E_API_MISMATCH',
      `the running node is ${version}, with version ${api} of the control API`,
      {
        subject: `this command speaks ${API_VERSION}`,
      },
    );
  }
  return found.data;
}

export function noDaemon(home: string): ActorError {
  return failure('E_NO_DAEMON', 'no node runs on this data folder', {
    subject: home,
    next: `start it with: granary up --home ${shellWord(home)}`,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
