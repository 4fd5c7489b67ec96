import { MAX_PREAMBLE, PreambleReader } from '../../../bridge-link/preamble.ts';
import type { DenoConn } from './deno.ts';

/** Exactly the preamble, as JSON octets; what follows stays in the socket. Rejects when the socket ends before. */
export async function readPreamble(socket: DenoConn): Promise<Uint8Array> {
  const reader = new PreambleReader();
  const buffer = new Uint8Array(MAX_PREAMBLE);
  for (;;) {
    const count = await socket.read(buffer.subarray(0, reader.missing));
    if (count === null) throw new Error('the shard closed before it had said what it wants');
    const json = reader.add(buffer.subarray(0, count));
    if (json !== null) return json;
  }
}

export async function writeAll(socket: DenoConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await socket.write(bytes.subarray(at));
}

/** Closing something that is closed already is fine. */
export function shut(socket: { close(): void } | null): void {
  try {
    socket?.close();
  } catch {
    // Closed already.
  }
}
