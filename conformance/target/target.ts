import type { ConnectionOptions } from 'node:tls';
import type { Address } from '../../src/protocol/addresses/address.ts';
import { DIALECT_1, DIALECT_2, type Dialect } from '../../src/protocol/dialect.ts';
import { Caller } from './caller.ts';
import { type Channel, openTls } from './channel.ts';
import { Frames } from './frames.ts';
import { helloOf, REPLY_MS, Session } from './session.ts';
import { Mismatch, must, NotJudged } from './verdict.ts';

/** Between two connections: nodes refuse whoever comes too often, and are right. */
const PACE_MS = 25;

/** How long an end of the connection is waited for. */
const CLOSE_MS = 4_000;

/** Opens a connection on which nothing is said yet. */
export type Dial = (address: Address) => Promise<Channel>;

/** A node under test in one dialect. Every check opens its own connections; `release` closes them. */
export class Target {
  readonly address: Address;
  readonly dialect: 1 | 2;
  readonly form: Dialect;
  readonly #open = new Set<Frames>();
  readonly #dial: Dial;
  #nextDial = 0;

  constructor(address: Address, dialect: 1 | 2, dial: Dial) {
    this.address = address;
    this.dialect = dialect;
    this.form = dialect === 1 ? DIALECT_1 : DIALECT_2;
    this.#dial = dial;
  }

  /** A connection on which nothing is said yet. */
  async connection(): Promise<Frames> {
    await this.#paced();
    return this.#keep(await this.#dial(this.address));
  }

  /** The same over TLS with options of ours; skips the check on other transports. */
  async tls(options: ConnectionOptions): Promise<Frames> {
    if (this.address.transport !== 'tcp') throw new NotJudged('TLS over TCP alone');
    await this.#paced();
    return this.#keep(await openTls(this.address, options));
  }

  /** An honest handshake on a new connection, or on one that is open, with a key of its own unless one is given. */
  async session(caller = this.caller(), frames?: Frames): Promise<Session> {
    const connection = frames ?? (await this.connection());
    connection.send(caller.frame(null));
    const hello = helloOf(await connection.next(REPLY_MS));
    connection.send(caller.frame(hello.nonce));
    return new Session(connection, caller, hello);
  }

  caller(): Caller {
    return new Caller(this.form);
  }

  release(): void {
    for (const frames of this.#open) frames.destroy();
    this.#open.clear();
  }

  async #paced(): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#nextDial);
    this.#nextDial = at + PACE_MS;
    if (at > now) await new Promise((resolve) => setTimeout(resolve, at - now));
  }

  #keep(channel: Channel): Frames {
    const frames = new Frames(channel);
    this.#open.add(frames);
    return frames;
  }
}

/** Fails unless the target ends the connection, and says nothing before. */
export async function mustClose(frames: Frames): Promise<void> {
  const received = await frames.next(CLOSE_MS);
  if (received.kind === 'closed') return;
  throw new Mismatch(
    'the connection closed without a frame',
    received.kind === 'frame' ? `a frame of ${received.body.length} octets` : 'silence, the connection open',
  );
}

/** Fails if the target serves a request on this connection after what was sent; hellos before its end are its affair. */
export async function mustNotServe(frames: Frames, request: Uint8Array): Promise<void> {
  frames.send(request);
  const deadline = performance.now() + CLOSE_MS;
  for (;;) {
    const received = await frames.next(deadline - performance.now());
    if (received.kind === 'closed') return;
    must(received.kind === 'frame', 'the connection closed', 'silence, the connection open');
    // A hello is the one map with eight entries.
    must(received.body[0] === 0xa8, 'the connection closed', 'a reply to a request');
  }
}
