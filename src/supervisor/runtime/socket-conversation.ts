import type { Duplex } from 'node:stream';
import type { Handlers } from '../contract/actor.ts';
import type { Clock } from '../contract/clock.ts';
import type { Contract, Messages } from '../contract/contract.ts';
import type { Ref } from '../contract/ref.ts';
import { FRAME, type Frame } from '../link/frame.ts';
import { socketLink } from '../link/socket-link.ts';
import { downError, timeoutError } from './call-errors.ts';
import { Caller } from './caller.ts';
import { Deadlines } from './deadlines.ts';
import { LinkServer } from './link-server.ts';
import { Turns } from './turns.ts';

/** How long the other side may take to say what it allows. */
const HELLO_MS = 5_000;

/**
 * Serves a contract to a process at the other end of a byte stream. The first frame grants the budget; a peer that
 * breaks the rules of a link loses the stream, nothing else. Returns what ends the conversation from here.
 */
export function serveOverSocket<M extends Messages>(
  contract: Contract<string, M>,
  handlers: Handlers<M>,
  socket: Duplex,
  options: { clock: Clock; budget: number; crash(error: unknown): void },
): { close(): void } {
  const link = socketLink(socket);
  const turns = new Turns();
  link.post([FRAME.credit, options.budget]);
  return new LinkServer(
    contract as unknown as Contract,
    handlers as unknown as Handlers<Messages>,
    link,
    options.budget,
    {
      clock: options.clock,
      crash: options.crash,
      violated: (error) => void socket.destroy(error),
      depth: () => {},
      turns,
    },
  );
}

/**
 * The ref to a contract that is served at the other end of a byte stream. Rejects with `E_TIMEOUT` or
 * `E_ACTOR_DOWN` when nothing comes. Once the stream closes, everything pending rejects with `E_ACTOR_DOWN`, and
 * `onDown` is called: there is no second life behind it.
 */
export async function connectOverSocket<M extends Messages>(
  contract: Contract<string, M>,
  socket: Duplex,
  clock: Clock,
): Promise<Ref<M> & { close(): void }> {
  const link = socketLink(socket);
  const deadlines = new Deadlines(clock);
  link.onClose(() => deadlines.close());
  const caller = new Caller<M>(contract, deadlines, { lost: () => caller.down() });
  const frames = await new Promise<readonly Frame[]>((resolve, reject) => {
    const disarm = deadlines.add(HELLO_MS, () => {
      socket.destroy();
      reject(timeoutError(contract.name, 'hello', HELLO_MS));
    });
    link.onClose(() => {
      disarm();
      reject(downError(contract.name));
    });
    link.onFrames((first) => {
      disarm();
      resolve(first);
    });
  });
  const [hello, ...early] = frames;
  if (hello?.[0] !== FRAME.credit || early.length > 0) {
    socket.destroy();
    throw downError(contract.name);
  }
  caller.bind(link, 1, { credit: hello[1] });
  return Object.assign(caller, { close: () => caller.down() }) as unknown as Ref<M> & { close(): void };
}
