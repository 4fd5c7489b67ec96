import * as b from './bytes.ts';
import { Connection, type Target } from './connection.ts';

/** A handshake and a request of somebody new; tried again for a while, because a moment may be unlucky. */
export async function newcomerIsServed(target: Target): Promise<boolean> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    try {
      const connection = await Connection.session(target, 'v1');
      connection.send(b.request(402, 1, b.textMap(['max_entries', b.uint(1)])));
      const reply = await connection.reply();
      connection.destroy();
      if (reply?.type === 403) return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return false;
}
