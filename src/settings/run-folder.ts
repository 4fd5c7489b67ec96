import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Unix sockets with longer paths fail: 104 bytes on BSD and macOS with the NUL, 108 on Linux. */
const MAX_SOCKET_PATH = 100;

/** What a node leaves in its data folder for the commands that look for it. */
export const runFolder = (home: string): string => join(home, 'run');
/** `{ pid, socket, version, api }` while a node runs. */
export const controlFile = (home: string): string => join(runFolder(home), 'control.json');
/** `{ pid, clean, cut, seconds }` of the node that ran last. */
export const lastStopFile = (home: string): string => join(runFolder(home), 'last-stop.json');

/** The longest name of a socket in the folder of the QUIC bridge. */
const BRIDGE_SOCKET_NAME = 'd0000000.00000000';

/**
 * Where the control socket of this data folder lies: in its `run/`, or, where that path is too long for a
 * socket, in a folder of the user's own in the place for sockets, named by a hash of the data folder.
 */
export function socketPath(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  uid: number = process.getuid?.() ?? 0,
): string {
  return placeForSockets(home, env, uid, 'control.sock', 'sock', '');
}

/** The folder of the sockets between the node and its QUIC bridge, placed in the same way. */
export function bridgeFolder(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  uid: number = process.getuid?.() ?? 0,
): string {
  return placeForSockets(home, env, uid, 'quic', 'quic', `/${BRIDGE_SOCKET_NAME}`);
}

/** `inside` is its name in `run/`, `extension` what follows the hash elsewhere; sockets lie at the place with `longest` behind it. */
function placeForSockets(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
  inside: string,
  extension: string,
  longest: string,
): string {
  const fits = (path: string) => Buffer.byteLength(path + longest) <= MAX_SOCKET_PATH;
  const own = join(runFolder(home), inside);
  if (fits(own)) return own;
  const name = `${createHash('sha256').update(home).digest('hex').slice(0, 24)}.${extension}`;
  const runtime = env.XDG_RUNTIME_DIR;
  const outside = runtime?.startsWith('/') ? join(runtime, 'granary', name) : '';
  if (outside !== '' && fits(outside)) return outside;
  // No session of its own (a service, a container): the control actor refuses this folder if it is anybody else's.
  return join('/tmp', `granary-${uid}`, name);
}
