import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import * as b from './bytes.ts';
import { Connection, freshSource, openTcp, type Target } from './connection.ts';
import { HelloMaker } from './hello.ts';
import type { KnownWorld } from './run-row.ts';

/** Something that many connections do at once, and go on doing until they are told to stop. */
export interface Scene {
  readonly name: string;
  /** Resolves when everything stands as it should. */
  begin(target: Target, known: KnownWorld): Promise<{ stop(): void }>;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** As many as asked for, some at a time; those that are refused are what the scene is about, and no error. */
async function crowd<T extends { destroy(): void }>(
  count: number,
  open: (index: number) => Promise<T>,
): Promise<{ all: T[]; stop(): void }> {
  const all: T[] = [];
  const indexes = range(count).values();
  const lane = async () => {
    for (const index of indexes) {
      const one = await open(index).catch(() => null);
      if (one) all.push(one);
    }
  };
  await Promise.all(range(20).map(lane));
  return {
    all,
    stop() {
      for (const one of all) one.destroy();
    },
  };
}

const silent = (name: string, count: number, source: () => string | undefined): Scene => ({
  name,
  begin: (target) => crowd(count, () => openTcp(target, source())),
});

/** Every connection says a little more each second. */
function drip(
  name: string,
  open: (target: Target) => Promise<{ destroy(): void; say(octet: Uint8Array): void }>,
  text: () => Uint8Array,
): Scene {
  return {
    name,
    async begin(target) {
      const { all, stop } = await crowd(20, () => open(target));
      const said = text();
      let at = 0;
      const timer = setInterval(() => {
        for (const one of all) one.say(said.subarray(at, at + 1));
        at++;
      }, 1_000);
      return {
        stop() {
          clearInterval(timer);
          stop();
        },
      };
    },
  };
}

const sayer = (socket: Socket | Connection['socket']) => ({
  destroy: () => void socket.destroy(),
  say: (octet: Uint8Array) => void (socket.writable && socket.write(octet)),
});

/** Sessions that send the same octets again and again, as fast as the node takes them. */
function flood(
  name: string,
  count: number,
  octets: (known: KnownWorld) => Uint8Array,
  reads: boolean,
): Scene {
  return {
    name,
    async begin(target, known) {
      const piece = octets(known);
      const { stop } = await crowd(count, async () => {
        const connection = await Connection.session(target, 'v2');
        if (!reads) connection.pause();
        const more = () => {
          // In steps, so that this process has time for the others as well.
          while (!connection.over && connection.socket.write(piece));
          if (!connection.over) connection.socket.once('drain', more);
        };
        more();
        return connection;
      });
      return { stop };
    },
  };
}

/** Connections that come and go, one after another on each of a few lanes. */
function churn(name: string, turn: (target: Target) => Promise<unknown>): Scene {
  return {
    name,
    async begin(target) {
      let over = false;
      const lane = async () => {
        while (!over) {
          await turn(target).catch(() => {});
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      };
      for (const _ of range(4)) void lane();
      return {
        stop() {
          over = true;
        },
      };
    },
  };
}

const chunk = ({ contentId }: KnownWorld, index: number) =>
  b.request(500, index, b.map([b.uint(0), b.bytes(contentId)], [b.uint(1), b.uint(index)]));
const nested = (depth: number) => b.join(Buffer.alloc(depth, 0x81), b.raw(0));
const address = b.textMap(
  ['ip', b.textMap(['V4', b.ints(b.raw(192, 0, 2, 7))])],
  ['port', b.uint(7001)],
  ['transport', b.text('tcp')],
);
const repeated = (count: number, octets: Uint8Array) => Buffer.concat(Array(count).fill(octets));
const oneSource = freshSource();

export const SCENES: readonly Scene[] = [
  silent('500 silent sockets from one address', 500, () => oneSource),
  silent('500 silent sockets from as many networks', 500, freshSource),
  { name: '500 silent sockets behind TLS', begin: (target) => crowd(500, () => Connection.tls(target)) },
  {
    name: '300 handshakes left half open',
    begin: (target) =>
      crowd(300, async () => {
        const connection = await Connection.tls(target);
        connection.send(new HelloMaker().frame(null));
        return connection;
      }),
  },
  {
    name: '300 sessions that say nothing',
    begin: (target) => crowd(300, () => Connection.session(target, 'v2')),
  },
  churn(
    'connections that are reset at once',
    async (target) => void (await openTcp(target)).resetAndDestroy(),
  ),
  churn('TLS again and again', async (target) => (await Connection.tls(target)).destroy()),
  churn('hellos again and again', async (target) => {
    const connection = await Connection.tls(target);
    connection.send(new HelloMaker().frame(null));
    await connection.frameWithin(5_000);
    connection.destroy();
  }),
  drip(
    'TLS a byte a second',
    async (target) => sayer(await openTcp(target)),
    () => b.join(b.raw(22, 3, 1, 1, 0), randomBytes(256)),
  ),
  drip(
    'a hello a byte a second',
    async (target) => sayer((await Connection.tls(target)).socket),
    () => new HelloMaker().frame(null),
  ),
  drip(
    'a request a byte a second',
    async (target) => sayer((await Connection.session(target, 'v2')).socket),
    () => b.request(402, 1, Buffer.alloc(500)),
  ),
  {
    name: '20 readers that take none of their chunks',
    begin: (target, known) =>
      crowd(20, async () => {
        const connection = await Connection.session(target, 'v2');
        connection.pause();
        connection.send(Buffer.concat(range(64).map((index) => chunk(known, index % known.chunks))));
        return connection;
      }),
  },
  {
    name: '20 readers that take none of their lists and manifests',
    begin: (target, known) =>
      crowd(20, async () => {
        const connection = await Connection.session(target, 'v2');
        connection.pause();
        const lists = b.request(502, 1, b.map([b.uint(0), b.bytes(known.contentId)]));
        const manifests = b.request(400, 2, b.textMap(['manifest_id', b.ints(known.manifestId)]));
        connection.send(repeated(100, b.join(lists, manifests)));
        return connection;
      }),
  },
  {
    name: '20 frames of 2 MiB, all but the end',
    begin: (target) =>
      crowd(20, async () => {
        const connection = await Connection.session(target, 'v2');
        connection.send(b.frame(Buffer.alloc(2 ** 21 - 1), 2 ** 21));
        return connection;
      }),
  },
  flood('4 floods of unknown requests, replies unread', 4, () => repeated(1_000, b.request(999, 1)), false),
  flood('4 floods of unknown requests', 4, () => repeated(100, b.request(999, 1)), true),
  flood(
    '4 floods of lists',
    4,
    () => repeated(100, b.request(402, 1, b.textMap(['max_entries', b.uint(100)]))),
    true,
  ),
  flood(
    '4 floods of invented peers',
    4,
    () => repeated(10, b.request(100, 1, b.textMap(['peers', b.array(...range(180).map(() => address))]))),
    true,
  ),
  flood(
    '4 floods of arrays inside each other',
    4,
    () => repeated(10, b.request(402, 1, b.textMap(['x', nested(16_000)]))),
    true,
  ),
  flood('4 floods of payloads of 1 MiB', 4, () => b.request(402, 1, Buffer.alloc(2 ** 20)), true),
  flood(
    '4 floods of chunks that are not here',
    4,
    () =>
      repeated(100, b.request(500, 1, b.map([b.uint(0), b.bytes(randomBytes(32))], [b.uint(1), b.uint(0)]))),
    true,
  ),
];
