import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { decodeEnvelope, encodeFrame } from '../../../src/protocol/wire/envelope.ts';
import { RATE_LIMITS } from '../../../src/protocol/wire/rate-class.ts';
import { decodeReply, encodeRequest, messageSpec } from '../../../src/protocol/wire/registry.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { boundIdentity, type RawOptions, RawPeer, until } from './raw-peer.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

const WALL = 1_800_000_000_000;
const text = (payload: Uint8Array) => new TextDecoder().decode(payload);
const chunkRequest = (contentId: string, chunkIndex: number) =>
  encodeRequest(500, { contentId: Buffer.from(contentId, 'hex'), chunkIndex });

let work: Awaited<ReturnType<typeof workFolder>>;
let us: TestShard;
let address: string;
const peers: RawPeer[] = [];

beforeAll(async () => {
  work = await workFolder();
});
afterAll(() => work.remove());
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  await us.stop();
});

async function start(config = {}, options: Parameters<typeof TestShard.start>[1] = {}) {
  us = await TestShard.start(config, options);
  address = await us.listen();
}

async function session(options: RawOptions = {}): Promise<RawPeer> {
  const peer = await RawPeer.session(address, options);
  peers.push(peer);
  return peer;
}

async function shared(bytes: Uint8Array) {
  const content = contentOf(bytes);
  const path = await work.file(bytes);
  us.share(path, content.contentId);
  return { ...content, path };
}

describe('what the acceptor hears of a session', () => {
  const heard = () => us.told.filter(([name]) => name === 'judged').map(([, message]) => message);
  const list = encodeRequest(402, { maxEntries: 1 });

  test('of a newcomer’s, once, that it was of use; of a fault afterwards that it was not paid for', async () => {
    await start();
    us.newcomers = true;
    us.wire = () => ({ payload: new Uint8Array([0xa0]) });
    const peer = await session();
    await peer.ask(402, 1, list);
    await peer.ask(402, 2, list);
    const remote = `127.0.0.1:${peer.socket.localPort}`;
    expect(heard()).toEqual([{ remote, paid: true, good: true }]);
    peer.socket.write(Buffer.from('00000003ffffff', 'hex'));
    await peer.closed;
    await until(() => heard().length === 2, 'the fault to be told');
    expect(heard()[1]).toEqual({ remote, paid: false, good: false });
  });

  test('of anybody’s that it came to nothing, and of nobody else’s', async () => {
    await start();
    us.wire = () => ({ payload: new Uint8Array([0xa0]) });
    const good = await session();
    await good.ask(402, 1, list);
    const silent = await session();
    const remote = `127.0.0.1:${silent.socket.localPort}`;
    for (const peer of [good, silent]) peer.destroy();
    await until(() => us.metrics.get('sessions') === 0, 'both to end');
    expect(heard()).toEqual([{ remote, paid: false, good: false }]);
  });
});

describe('replies', () => {
  test('come strictly in the order of the requests, whoever answers them and when', async () => {
    await start();
    const bytes = randomBytes(300_000);
    const { contentId } = await shared(bytes);
    const answers: ((payload: Uint8Array) => void)[] = [];
    us.wire = () => new Promise((resolve) => answers.push((payload) => resolve({ payload })));
    const peer = await session();
    const requests: [number, Uint8Array][] = [
      [400, new Uint8Array([0xa0])],
      [500, chunkRequest(contentId, 0)],
      [999, new Uint8Array(0)],
      [502, new Uint8Array([0xa0])],
      [500, chunkRequest(contentId, 1)],
      [500, chunkRequest('00'.repeat(32), 0)],
      [402, new Uint8Array([0xa0])],
      [500, chunkRequest(contentId, 2)],
      [401, new Uint8Array(0)],
    ];
    const frames = requests.map(([type, payload], reqId) => encodeFrame({ type, reqId, flags: 0, payload }));
    peer.socket.write(Buffer.concat(frames));
    await until(() => answers.length === 2, 'the owners within reach to be asked');
    expect(peer.waiting).toBe(0);
    // The second is answered before the first.
    answers[1]!(new Uint8Array([2]));
    answers[0]!(new Uint8Array([1]));
    await until(() => answers.length === 3, 'the last owner to be asked');
    answers[2]!(new Uint8Array([3]));
    const replies = [];
    for (let i = 0; i < requests.length; i++) replies.push(await peer.envelope());
    expect(replies.map(({ reqId }) => reqId)).toEqual(requests.map((_, i) => i));
    expect(replies.map(({ type, flags }) => [type, flags])).toEqual([
      [401, 1],
      [501, 1],
      [999, 3],
      [503, 1],
      [501, 1],
      [500, 3],
      [403, 1],
      [500, 3],
      [401, 3],
    ]);
    expect([replies[0], replies[3], replies[6]].map((reply) => [...reply!.payload])).toEqual([[1], [2], [3]]);
    const chunks = [replies[1]!, replies[4]!].map(({ payload }) => decodeReply(500, payload));
    expect(Buffer.concat(chunks.map((chunk) => chunk.bytes)).equals(bytes)).toBe(true);
    expect(chunks.map(({ chunkIndex }) => chunkIndex)).toEqual([0, 1]);
    expect(replies.filter(({ flags }) => flags === 3).map(({ payload }) => text(payload))).toEqual([
      'unknown message type 999',
      'chunk not found',
      'chunk not found',
      'Io(Error { kind: UnexpectedEof, message: "failed to fill whole buffer" })',
    ]);
  });

  test('a request in many small pieces, and many requests in one', async () => {
    await start();
    const peer = await session();
    const frames = Array.from({ length: 300 }, (_, i) =>
      encodeFrame({ type: 999, reqId: i, flags: 1, payload: new Uint8Array(i) }),
    );
    const stream = Buffer.concat(frames);
    for (let at = 0; at < 600; at += 7) peer.socket.write(stream.subarray(at, Math.min(600, at + 7)));
    peer.socket.write(stream.subarray(600));
    for (let i = 0; i < 300; i++) expect((await peer.envelope()).reqId).toBe(i);
  });

  test('ack and first requests in one write', async () => {
    await start();
    // The handshake's last frame and what follows it lie in one piece of TCP.
    const peer = await session();
    peer.socket.cork();
    for (let i = 0; i < 5; i++) peer.send(999, i);
    peer.socket.uncork();
    for (let i = 0; i < 5; i++) expect((await peer.envelope()).reqId).toBe(i);
  });

  test.each([
    ['conformance/transcripts/errors.json', DIALECT_1],
    ['conformance/transcripts/v2/errors.json', DIALECT_2],
  ])('errors are word for word those of %s', async (file, dialect) => {
    await start();
    const peer = await session({ dialect });
    const { frames } = JSON.parse(readFileSync(file, 'utf8'));
    let compared = 0;
    for (const [index, frame] of frames.entries()) {
      const reply = frames[index + 1];
      if (frame.dir !== 'a>b' || frame.decoded.handshake || !reply?.decoded.payload?.error_text) continue;
      const request = Buffer.from(frame.hex, 'hex');
      const { type } = decodeEnvelope(request.subarray(4));
      const { error_text: expected } = reply.decoded.payload;
      // What other actors answer, and what only a node with a DHT, a relay or exhausted limits says, is not the shard's.
      const spec = messageSpec(type, dialect);
      const ours = spec === null || spec.kind === 'reply' || type === 500;
      if (!ours || /rate limit/.test(expected)) continue;
      peer.socket.write(request);
      const answer = await peer.frame();
      expect(text(decodeEnvelope(answer.subarray(4)).payload)).toBe(expected);
      expect(answer.toString('hex')).toBe(reply.hex);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(6);
  });

  test('types of the later dialect are unknown in the earlier one', async () => {
    await start();
    const old = await session({ dialect: DIALECT_1 });
    expect(text((await old.ask(410, 1)).payload)).toBe('unknown message type 410');
    us.wire = () => ({ payload: new Uint8Array([9]) });
    const later = await session({ dialect: DIALECT_2 });
    expect(await later.ask(410, 1)).toMatchObject({ type: 411, flags: 1 });
  });

  test('what this node does not do is refused in words', async () => {
    await start();
    const peer = await session();
    const reply = await peer.ask(460, 1, encodeRequest(460, { maxCount: 3 }));
    expect(reply).toMatchObject({ type: 460, flags: 3 });
    expect(text(reply.payload)).toBe('message type 460 is not served by this node');
  });

  test('a dead owner is "temporarily unavailable", and the session goes on', async () => {
    await start();
    us.down = true;
    const peer = await session();
    expect(text((await peer.ask(400, 1, new Uint8Array([0xa0]))).payload)).toBe('temporarily unavailable');
    // Whether the chunk is here nobody knows, and so it is not counted against the peer.
    for (let i = 0; i <= RATE_LIMITS.chunk; i++) {
      const reply = await peer.ask(500, 2 + i, chunkRequest(`${i}`.padStart(64, '0'), 0));
      expect(text(reply.payload)).toBe('temporarily unavailable');
    }
    us.down = false;
    expect(text((await peer.ask(500, 1, chunkRequest('11'.repeat(32), 0))).payload)).toBe('chunk not found');
    us.wire = () => ({ error: 'manifest not found' });
    expect(text((await peer.ask(400, 3, new Uint8Array([0xa0]))).payload)).toBe('manifest not found');
  });

  test('a bug of ours that a request finds ends its session and nothing else', async () => {
    await start();
    us.wire = () => {
      throw new TypeError('a bug');
    };
    const peer = await session();
    const other = await session();
    peer.send(400, 1, new Uint8Array([0xa0]));
    await peer.closed;
    expect(us.bugs).toMatchObject([{ message: 'session ended by a bug' }]);
    expect((await other.ask(999, 1)).reqId).toBe(1);
  });

  test('a reply longer than the network reads is an error instead', async () => {
    await start();
    us.wire = () => ({ payload: new Uint8Array(1024 * 1024 + 1) });
    const peer = await session();
    expect(text((await peer.ask(502, 1, new Uint8Array([0xa0]))).payload)).toBe('reply exceeds max size');
    us.wire = () => ({ payload: new Uint8Array(1024 * 1024) });
    expect((await peer.ask(502, 2, new Uint8Array([0xa0]))).payload.length).toBe(1024 * 1024);
  });
});

describe('frames that end the session, without a word', () => {
  const bodies: [string, Uint8Array][] = [
    ['an empty frame', Buffer.alloc(4)],
    ['no envelope', frame(Buffer.from('ff', 'hex'))],
    ['an announced length above 2 MiB', Buffer.from('00200001', 'hex')],
    ['a req_id above 32 bits', envelopeOf({ reqId: '1b0000000100000000' })],
    ['a type above 16 bits', envelopeOf({ type: '1a00010000' })],
    ['a payload above 1 MiB', envelopeOf({ payload: head(0x5a, 1_048_577, Buffer.alloc(1_048_577)) })],
    ['a long frame of an odd kind', envelopeOf({ payload: head(0x9a, 70_000, Buffer.alloc(70_000, 0x10)) })],
    [
      'a long frame with a field too many',
      envelopeOf({ extra: `6178${head(0x9a, 70_000, Buffer.alloc(70_000, 0x80))}` }),
    ],
    ['a long frame behind tags', frame(Buffer.alloc(70_000, 0xc1))],
    ['a long frame that is no map', frame(Buffer.alloc(70_000, 0x80))],
    [
      'a long frame without a payload',
      frame(Buffer.concat([Buffer.from('a164747970651903e7', 'hex'), Buffer.alloc(70_000)])),
    ],
  ];
  test.each(bodies)('%s', async (_, bytes) => {
    await start();
    const peer = await session();
    peer.send(999, 1);
    await peer.envelope();
    peer.socket.write(bytes);
    await peer.closed;
    expect(peer.waiting).toBe(0);
    expect(us.bugs).toEqual([]);
    expect(us.metrics.get('sessions_dropped')).toBe(1);
    expect(us.warnings).toMatchObject([{ message: 'peer broke the protocol' }]);
    await until(() => us.metrics.get('sessions') === 0, 'the session to be gone');
  });

  test('but a payload of just 1 MiB is answered, unread', async () => {
    await start();
    const payload = new Uint8Array(1024 * 1024);
    // Each on a session of its own: so long a refusal costs its session a rest.
    const refusal = async (type: number) => text((await (await session()).ask(type, 1, payload)).payload);
    expect(await refusal(999)).toBe('unknown message type 999');
    for (const type of [400, 500, 401]) expect(await refusal(type)).toBe('request exceeds max size');
    expect(us.asked.get('wire')).toBeUndefined();
  });

  test('and an odd but short envelope is read as the network reads it', async () => {
    await start();
    const peer = await session();
    peer.socket.write(envelopeOf({ type: '1903e7', extra: '617880', payload: '8101' }));
    expect(text((await peer.envelope()).payload)).toBe('unknown message type 999');
  });
});

describe('how often', () => {
  test('600 chunks that are not here, then the limit of the network; chunks that are do not count', async () => {
    await start();
    const { contentId } = await shared(randomBytes(10));
    const peer = await session();
    // Those of one TLS record are let in together, before the first of them missed.
    const record = 16_384 / 50;
    const count = 1_100;
    const frames = Array.from({ length: count }, (_, i) =>
      encodeFrame({ type: 500, reqId: i, flags: 0, payload: chunkRequest(blakeOf(i), 0) }),
    );
    peer.socket.write(Buffer.concat(frames));
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(text((await peer.envelope()).payload));
    expect(texts.slice(0, 600).every((each) => each === 'chunk not found')).toBe(true);
    expect(texts.slice(600 + record).every((each) => each === 'chunk request rate limit exceeded')).toBe(
      true,
    );
    expect(us.asked.get('lease')).toBeLessThan(600 + record);
    const other = await session();
    for (let i = 0; i < 700; i++) other.send(500, i, chunkRequest(contentId, 0));
    for (let i = 0; i < 700; i++) expect(await other.envelope()).toMatchObject({ type: 501, reqId: i });
  });

  test('hash lists that are here do not count, for nobody', async () => {
    await start();
    us.wire = () => ({ payload: new Uint8Array([1]) });
    const peer = await session();
    for (let i = 0; i < 500; i++) peer.send(502, i, new Uint8Array([0xa0]));
    for (let i = 0; i < 500; i++) expect((await peer.envelope()).flags).toBe(1);
  });

  test.each([false, true])('hash lists that are not here: Granary node %s', async (native) => {
    await start();
    us.wire = () => ({ error: 'chunk hashes not found' });
    const peer = await session({ identity: boundIdentity(), native });
    const texts: string[] = [];
    // One after another: what came together is let in before the first of it is missed.
    for (let i = 0; i < 300; i++) {
      peer.send(502, i, new Uint8Array([0xa0]));
      texts.push(text((await peer.envelope()).payload));
    }
    const served = texts.filter((each) => each === 'chunk hashes not found').length;
    expect(served).toBe(native ? 300 : 240);
    expect(texts.at(-1)).toBe(native ? 'chunk hashes not found' : 'fetch request rate limit exceeded');
  });

  test('the next minute counts anew', async () => {
    const clock = new ManualClock(WALL);
    await start({}, { clock });
    us.wire = () => ({ payload: new Uint8Array([1]) });
    const peer = await session({ now: () => clock.wall() / 1000 });
    for (let i = 0; i < 241; i++) peer.send(400, i, new Uint8Array([0xa0]));
    const flags: number[] = [];
    for (let i = 0; i < 241; i++) flags.push((await peer.envelope()).flags);
    expect(flags.indexOf(3)).toBe(240);
    await clock.advance(59_000);
    expect(await peer.ask(400, 1, new Uint8Array([0xa0]))).toMatchObject({ flags: 3 });
    await clock.advance(1_001);
    expect(await peer.ask(400, 1, new Uint8Array([0xa0]))).toMatchObject({ flags: 1 });
  });
});

const blakeOf = (i: number) => Buffer.from(blake3(Buffer.from(`content ${i}`))).toString('hex');

function frame(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A head with a length of four octets, and what follows it, as hex. */
function head(initial: number, length: number, content: Uint8Array): string {
  const octets = Buffer.alloc(5);
  octets[0] = initial;
  octets.writeUInt32BE(length, 1);
  return Buffer.concat([octets, content]).toString('hex');
}

/** An envelope written by hand: values as hex. */
function envelopeOf(fields: { type?: string; reqId?: string; payload?: string; extra?: string }): Buffer {
  const { type = '1903e7', reqId = '01', payload = '40', extra = '' } = fields;
  const map = extra === '' ? 'a4' : 'a5';
  const hex = `${map}${extra}6474797065${type}667265715f6964${reqId}65666c61677300677061796c6f6164${payload}`;
  return frame(Buffer.from(hex, 'hex'));
}
