import type { DenoConn, QuicConn, QuicStream } from './deno.ts';
import { shut } from './local-socket.ts';

/** An idle session holds little, a busy one reads much at a time. */
const IDLE_CHUNK = 16_384;
const BUSY_CHUNK = 262_144;
/** A shard that has ended its half, and may be gone altogether, is sent what still comes for so long. */
const HALF_OPEN_MS = 10_000;

/** Codes that connections are closed with; the network gives them no meaning. */
export const CLOSE_DONE = 0;
export const CLOSE_BROKEN = 1;
export const CLOSE_BUSY = 2;

export function hangUp(connection: QuicConn | null, closeCode: number): void {
  try {
    connection?.close({ closeCode, reason: '' });
  } catch {
    // Closed already.
  }
}

/**
 * Copies both ways until both directions have ended, or one broke; then closes both sides. The back-pressure is the wait
 * for each write. The end of one direction is passed on as the end of that direction; a broken one ends both at once.
 * What was sent last may be under way when both have ended, and closing would drop it: so the peer has `lingerMs` to
 * close first.
 */
export async function pump(
  connection: QuicConn,
  stream: QuicStream,
  socket: DenoConn,
  lingerMs: number,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const broken = () => {
    hangUp(connection, CLOSE_BROKEN);
    shut(socket);
  };
  const up = sendAll(socket, stream)
    .then(() => {
      timer = setTimeout(broken, HALF_OPEN_MS);
    })
    .catch(broken);
  // Both ends are resources of the engine: the copying is done there. Closing the writable would close both directions.
  const down = stream.readable
    .pipeTo(socket.writable, { preventClose: true, preventAbort: true })
    .then(() => socket.closeWrite())
    .catch(broken);
  const closed = connection.closed
    .catch(() => {})
    .then(() => down)
    .then(() => shut(socket));
  await Promise.all([up, down]);
  clearTimeout(timer);
  timer = setTimeout(() => hangUp(connection, CLOSE_DONE), lingerMs);
  await closed;
  clearTimeout(timer);
}

/** From the shard to the peer, up to the end. */
async function sendAll(socket: DenoConn, stream: QuicStream): Promise<void> {
  const writer = stream.writable.getWriter();
  let buffer = new Uint8Array(IDLE_CHUNK);
  for (;;) {
    const count = await socket.read(buffer);
    if (count === null) break;
    await writer.write(buffer.subarray(0, count));
    if (count === buffer.length && count < BUSY_CHUNK) buffer = new Uint8Array(BUSY_CHUNK);
    else if (count <= IDLE_CHUNK / 4 && buffer.length > IDLE_CHUNK) buffer = new Uint8Array(IDLE_CHUNK);
  }
  await writer.close();
}
