import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { selfSigned } from '../../../bench/self-signed.ts';
import * as b from '../bytes.ts';
import { Connection, nonceOf } from '../connection.ts';
import { FORMS, type Form, HelloMaker } from '../hello.ts';
import { type Item, type Reply, readCbor, readEnvelope } from '../read-cbor.ts';
import type { HostileShare } from './share.ts';

/** The replies of a provider to one kind of request. */
export const REPLY_TYPE: Readonly<Record<number, number>> = { 201: 201, 400: 401, 500: 501, 502: 503 };

/** What the provider does instead of answering honestly: frames to send, null to say nothing, `close` to hang up. */
export type Answer = Uint8Array | null | 'close';

export interface Misdeed {
  /** The types of the requests that are not answered honestly; null: all are. */
  readonly on: number | readonly number[] | null;
  /** `time` counts the requests of that type from 1. */
  answer?(context: {
    readonly honest: Buffer;
    readonly request: Reply;
    readonly fields: Map<Item, Item>;
    readonly share: HostileShare;
    readonly connection: Connection;
    readonly time: number;
  }): Answer;
  /** Ids of what it has; default: of its one file. */
  readonly contents?: readonly Buffer[];
  /** The octets of the manifest served, and the id that the head names. */
  manifest?(share: HostileShare): { octets: Uint8Array; id: Buffer };
  head?(share: HostileShare, manifestId: Buffer): Uint8Array;
  /** What is sent in the place of our hello. */
  hello?(maker: HelloMaker, clientNonce: Buffer): Answer;
}

export const reply = (
  request: Reply,
  payload: Uint8Array,
  changes: { type?: number; reqId?: number; flags?: number } = {},
) =>
  b.request(
    changes.type ?? REPLY_TYPE[request.type] ?? request.type,
    changes.reqId ?? request.reqId,
    payload,
    changes.flags ?? 1,
  );

export const refusal = (request: Reply, text: string) =>
  b.request(request.type, request.reqId, Buffer.from(text), 3);

/** A node of the network, by hand, that publishes one file, and is honest but for one misdeed. */
export class HostileProvider {
  readonly address: string;
  readonly maker = new HelloMaker();
  /** Requests of each type. */
  readonly asked = new Map<number, number>();
  readonly #share: HostileShare;
  readonly #misdeed: Misdeed;
  readonly #server: tls.Server;
  readonly #connections = new Set<Connection>();
  readonly #manifest: { octets: Uint8Array; id: Buffer };

  private constructor(server: tls.Server, share: HostileShare, misdeed: Misdeed) {
    this.#server = server;
    this.#share = share;
    this.#misdeed = misdeed;
    this.#manifest = misdeed.manifest?.(share) ?? share.manifest();
    this.address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(share: HostileShare, misdeed: Misdeed): Promise<HostileProvider> {
    const server = tls.createServer(selfSigned('p256'));
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const self = new HostileProvider(server, share, misdeed);
    server.on('secureConnection', (socket) => {
      const connection = new Connection(socket);
      // A script that came to grief is no silent peer.
      self.#serve(connection).catch(() => connection.destroy());
    });
    return self;
  }

  get link(): string {
    return this.#share.link(this.address, this.maker.key.public);
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#server.close();
  }

  async #serve(connection: Connection): Promise<void> {
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    const hello = await connection.frame();
    const clientNonce = nonceOf(hello);
    const form = formOf(hello);
    const maker = new HelloMaker(form, this.maker.key);
    const said = this.#misdeed.hello?.(maker, clientNonce);
    if (!this.#say(connection, said === undefined ? maker.frame(clientNonce) : said)) return;
    await connection.frame();
    for (;;) {
      const frame = await connection.frameWithin(60_000);
      if (frame === null) return;
      this.#say(connection, this.#answer(connection, readEnvelope(frame)));
    }
  }

  #say(connection: Connection, answer: Answer): boolean {
    if (answer === 'close') connection.destroy();
    else if (answer !== null) connection.send(answer);
    return answer !== 'close';
  }

  #answer(connection: Connection, request: Reply): Answer {
    const time = (this.asked.get(request.type) ?? 0) + 1;
    this.asked.set(request.type, time);
    const fields = readCbor(request.payload) as Map<Item, Item>;
    // Whoever is connected is asked for every file, also for those of others.
    const contentId = request.type === 500 || request.type === 502 ? (fields.get(0) as Buffer) : null;
    const contents = this.#misdeed.contents ?? [this.#share.file.contentId];
    if (contentId && !contents.some((own) => own.equals(contentId))) return refusal(request, 'not here');
    const honest = this.#honest(request, fields);
    const { on, answer } = this.#misdeed;
    if (on === null || ![on].flat().includes(request.type) || !answer) return honest;
    return answer({ honest, request, fields, share: this.#share, connection, time });
  }

  #honest(request: Reply, fields: Map<Item, Item>): Buffer {
    const { file } = this.#share;
    switch (request.type) {
      case 201: {
        const key = fields.get(0) as Buffer;
        const known = key.equals(headKey(this.#share));
        const head = () =>
          this.#misdeed.head?.(this.#share, this.#manifest.id) ?? this.#share.head(this.#manifest.id);
        return reply(request, found(key, known ? head() : null));
      }
      case 400:
        return reply(
          request,
          b.textMap(
            ['manifest_id', b.ints(Buffer.from(fields.get('manifest_id') as number[]))],
            ['bytes', b.bytes(this.#manifest.octets)],
          ),
        );
      case 500: {
        const index = fields.get(1) as number;
        return reply(request, chunkData(file.contentId, index, file.chunks[index] ?? Buffer.alloc(0)));
      }
      case 502:
        return reply(request, hashList(file.contentId, file.hashes));
      default:
        return refusal(request, 'not here');
    }
  }
}

export const headKey = (share: HostileShare): Buffer =>
  createHash('sha256').update('share:head:').update(share.id).digest();

/** What answers FIND_VALUE. */
export const found = (key: Uint8Array, value: Uint8Array | null, closer: Uint8Array = b.array()) =>
  b.map(
    [
      b.uint(0),
      value === null
        ? b.NULL
        : b.map([b.uint(0), b.bytes(key)], [b.uint(1), b.bytes(value)], [b.uint(2), b.uint(60)]),
    ],
    [b.uint(1), closer],
  );

export const chunkData = (contentId: Uint8Array, index: number | bigint, octets: Uint8Array) =>
  b.map([b.uint(0), b.bytes(contentId)], [b.uint(1), b.uint(index)], [b.uint(2), b.bytes(octets)]);

export const hashList = (contentId: Uint8Array, hashes: readonly Uint8Array[]) =>
  b.map([b.uint(0), b.bytes(contentId)], [b.uint(1), b.array(...hashes.map((hash) => b.ints(hash)))]);

/** The form that a client's hello has. */
function formOf(hello: Buffer): Form {
  const found = readCbor(hello) as Map<string, Item>;
  const version = found.get('protocol_version');
  const keys = (found.get('capabilities') as Map<Item, Item>).size;
  const entry = Object.entries(FORMS).find(([, form]) => form.version === version && form.keys === keys);
  return (entry?.[0] ?? 'v2') as Form;
}
