import * as b from './bytes.ts';
import { Connection, nonceOf, openTcp, type Target } from './connection.ts';
import { type Form, HelloMaker } from './hello.ts';
import type { Must, Row, RowWorld } from './row.ts';

/** How long a node may take to see a fault: less than its deadline for handshakes, which would end the connection too. */
const PATIENCE_MS = 8_000;
/** For so long nothing may happen where the node has to wait for us. */
const QUIET_MS = 60;
const LONG = 8 * 1024;

/** A request that is answered in every dialect. */
const ping = b.request(402, 1, b.textMap(['max_entries', b.uint(1)]));

export type KnownWorld = Omit<RowWorld, 'maker' | 'serverNonce'>;

/** Sessions that a row left in order, to be used by the next one. */
export class OpenSessions {
  readonly #target: Target;
  readonly #open = new Map<Form, { connection: Connection; uses: number }>();

  constructor(target: Target) {
    this.#target = target;
  }

  /** A session in that form; a new one when the last has been used so often that its key would meet a rate limit. */
  async of(form: Form): Promise<Connection> {
    const known = this.#open.get(form);
    if (known && !known.connection.over && known.uses++ < 60) return known.connection;
    known?.connection.destroy();
    const connection = await Connection.session(this.#target, form);
    this.#open.set(form, { connection, uses: 1 });
    return connection;
  }

  close(): void {
    for (const { connection } of this.#open.values()) connection.destroy();
  }
}

/** Plays a row in one form. Null: the node did what it must; else what it did instead. */
export async function runRow(
  target: Target,
  sessions: OpenSessions,
  row: Row,
  form: Form,
  known: KnownWorld,
): Promise<string | null> {
  const maker = new HelloMaker(form);
  const world: RowWorld = { ...known, maker, serverNonce: Buffer.alloc(32) };
  if (row.stage === 'tcp') return await runRaw(target, row, world);
  if (row.stage === 'session') return await runInSession(await sessions.of(form), row, world);
  const connection = await Connection.tls(target);
  try {
    if (row.stage === 'hello') {
      say(connection, row, world);
    } else {
      connection.send(maker.frame(null));
      say(connection, row, { ...world, serverNonce: nonceOf(await connection.frame()) });
    }
    return await judge(connection, row.must, row.replies ?? 1);
  } finally {
    connection.destroy();
  }
}

async function runInSession(connection: Connection, row: Row, world: RowWorld): Promise<string | null> {
  const octets = say(connection, row, world);
  const fault = await judge(connection, row.must, row.replies ?? 1);
  // What came unasked, or a node that waits for more or rests after so much, is no place for the next row.
  if (fault !== null || row.must.do === 'wait' || octets > LONG) connection.destroy();
  return fault;
}

/** How many octets it said. */
function say(connection: Connection, row: Row, world: RowWorld): number {
  const octets = row.octets(world);
  connection.send(octets);
  if (row.end) connection.socket.end();
  return octets.length;
}

async function judge(connection: Connection, must: Must, replies: number): Promise<string | null> {
  switch (must.do) {
    case 'close':
      return await closes(connection);
    case 'hello-and-close': {
      const frame = await connection.frameWithin(PATIENCE_MS);
      if (frame === null) return 'no hello';
      nonceOf(frame);
      return await closes(connection);
    }
    case 'wait': {
      const frame = await connection.frameWithin(QUIET_MS);
      if (frame !== null) return 'it answered';
      return connection.over ? 'it closed' : null;
    }
    case 'serve':
      connection.send(ping);
      return (await connection.reply(PATIENCE_MS))?.type === 403 ? null : gone(connection);
    case 'answer':
    case 'refuse':
      for (let i = 0; i < replies; i++) {
        const reply = await connection.reply(PATIENCE_MS);
        if (reply === null) return gone(connection);
        const text = reply.flags === 3 ? reply.payload.toString() : null;
        if (must.do === 'answer' && text !== null) return `it refused: ${text}`;
        if (must.do === 'refuse' && text === null) return 'it answered';
        if (must.do === 'refuse' && !must.text.test(text!)) return `it refused otherwise: ${text}`;
      }
      return null;
  }
}

async function closes(connection: Connection): Promise<string | null> {
  const frame = await connection.frameWithin(PATIENCE_MS);
  if (frame !== null) return `it sent ${frame.length} octets`;
  return connection.over ? null : 'it did not close';
}

const gone = (connection: Connection) => (connection.over ? 'it closed' : 'it said nothing');

async function runRaw(target: Target, row: Row, world: RowWorld): Promise<string | null> {
  const socket = await openTcp(target);
  try {
    const over = new Promise<null>((resolve) => socket.once('close', () => resolve(null)));
    socket.resume();
    socket.on('end', () => socket.destroy());
    socket.write(row.octets(world));
    if (row.end) socket.end();
    const wait = row.must.do === 'wait';
    let timer: NodeJS.Timeout | undefined;
    const quiet = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('quiet'), wait ? QUIET_MS : PATIENCE_MS);
    });
    const end = await Promise.race([over, quiet]);
    clearTimeout(timer);
    if (wait) return end === null ? 'it closed' : null;
    return end === null ? null : 'it did not close';
  } finally {
    socket.destroy();
  }
}
