import { bytesEqual, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { generateX25519 } from '../../../src/protocol/crypto/x25519.ts';
import { DIALECT_1, DIALECT_1_8, type Dialect } from '../../../src/protocol/dialect.ts';
import type { Hello } from '../../../src/protocol/handshake/hello.ts';
import { encodeFrame } from '../../../src/protocol/wire/envelope.ts';
import { MAX_HANDSHAKE_FRAME } from '../../../src/protocol/wire/limits.ts';
import { Caller, nowSeconds } from '../caller.ts';
import type { Check, CheckSuite } from '../check.ts';
import { frame } from '../octets.ts';
import { helloOf, REPLY_MS } from '../session.ts';
import { mustClose, mustNotServe, type Target } from '../target.ts';
import { must } from '../verdict.ts';

const SECTION = 'wire 4';
const request = encodeFrame({ type: 65_000, reqId: 1, flags: 0, payload: new Uint8Array(0) });

/** The first message is such that the target ends the connection without a word. */
const closed = (name: string, first: (caller: Caller) => Uint8Array, more: Partial<Check> = {}): Check => ({
  name,
  section: SECTION,
  ...more,
  async run(target) {
    const connection = await target.connection();
    connection.send(first(target.caller()));
    await mustClose(connection);
  },
});

/** The first message, honest or not, is served when the ack is of the same kind. */
const served = (
  name: string,
  make: (caller: Caller, echo: Uint8Array | null) => Uint8Array,
  more: Partial<Check> = {},
): Check => ({
  name,
  section: SECTION,
  ...more,
  async run(target) {
    const caller = target.caller();
    const connection = await target.connection();
    connection.send(make(caller, null));
    const hello = helloOf(await connection.next(REPLY_MS));
    connection.send(make(caller, hello.nonce));
    connection.send(request);
    const reply = await connection.next(REPLY_MS);
    must(reply.kind === 'frame', 'a reply to the first request', reply.kind);
  },
});

/** After an honest first message the third is such that no request is served. */
const badAck = (
  name: string,
  ack: (caller: Caller, nonce: Uint8Array, target: Target) => Uint8Array,
  more: Partial<Check> = {},
): Check => ({
  name,
  section: SECTION,
  ...more,
  async run(target) {
    const caller = target.caller();
    const connection = await target.connection();
    connection.send(caller.frame(null));
    const hello = helloOf(await connection.next(REPLY_MS));
    connection.send(ack(caller, hello.nonce, target));
    await mustNotServe(connection, request);
  },
});

const clock = (name: string, seconds: bigint, accepted: boolean): Check =>
  accepted
    ? served(name, (caller, echo) => caller.frame(echo, { timestamp: nowSeconds() + seconds }))
    : closed(name, (caller) => caller.frame(null, { timestamp: nowSeconds() + seconds }));

/** The same hello with one octet of the signature changed. */
function spoiled(hello: Hello): Hello {
  const signature = Uint8Array.from(hello.signature);
  signature[10]! ^= 1;
  return { ...hello, signature };
}

const foreign = (version: number, capabilityKeys: 5 | 8, dialects: readonly (1 | 2)[]): Check => ({
  name: `a hello of version ${version} with ${capabilityKeys} capability keys is not served`,
  section: 'wire v2 0',
  dialects,
  async run(target) {
    const form = { version, capabilityKeys } as unknown as Dialect;
    const caller = new Caller(form);
    const connection = await target.connection();
    connection.send(caller.frame(null));
    const answer = await connection.next(REPLY_MS);
    if (answer.kind === 'closed') return;
    // The reference answers some of them before it closes.
    connection.send(caller.frame(helloOf(answer).nonce));
    await mustNotServe(connection, request);
  },
});

export const handshake: CheckSuite = {
  name: 'handshake',
  checks: [
    {
      name: 'the ServerHello is signed, echoes our nonce, and has our version and number of capability keys',
      section: SECTION,
      async run(target) {
        const { hello, caller } = await target.session();
        must(
          hello.echoedNonce !== null && bytesEqual(hello.echoedNonce, caller.nonce),
          'our nonce as its echo',
          hello.echoedNonce === null ? 'null' : toHex(hello.echoedNonce),
        );
        const { version, capabilityKeys } = target.form;
        must(
          hello.protocolVersion === version && hello.capabilities.keys === capabilityKeys,
          `version ${version}, ${capabilityKeys} keys`,
          `version ${hello.protocolVersion}, ${hello.capabilities.keys} keys`,
        );
      },
    },
    {
      name: 'one node key, and a fresh nonce and ephemeral key each time',
      section: SECTION,
      async run(target) {
        const [{ hello: a }, { hello: b }] = [await target.session(), await target.session()];
        must(bytesEqual(a.nodeKey, b.nodeKey), 'the same node key', 'another one');
        must(!bytesEqual(a.nonce, b.nonce), 'another nonce', 'the same');
        must(!bytesEqual(a.ephemeralKey, b.ephemeralKey), 'another ephemeral key', 'the same');
      },
    },
    {
      name: 'ack and requests in one write are read in order',
      section: 'wire 2',
      async run(target) {
        const caller = target.caller();
        const connection = await target.connection();
        connection.send(caller.frame(null));
        const { nonce } = helloOf(await connection.next(REPLY_MS));
        connection.send(Buffer.concat([caller.frame(nonce), request, request]));
        for (const which of ['first', 'second']) {
          const reply = await connection.next(REPLY_MS);
          must(reply.kind === 'frame', `a reply to the ${which} request`, reply.kind);
        }
      },
    },
    {
      name: 'a hello in single octets is read',
      section: 'wire 2',
      async run(target) {
        const connection = await target.connection();
        const octets = target.caller().frame(null);
        for (const octet of octets.subarray(0, 12)) {
          connection.send(Uint8Array.of(octet));
          await new Promise((resolve) => setImmediate(resolve));
        }
        connection.send(octets.subarray(12));
        helloOf(await connection.next(REPLY_MS));
      },
    },
    clock('a clock 298 s behind passes', -298n, true),
    clock('a clock 298 s ahead passes', 298n, true),
    clock('a clock 305 s behind is refused', -305n, false),
    clock('a clock 306 s ahead is refused', 306n, false),
    {
      name: 'the nonce of a first hello is taken once, whoever sends it',
      section: SECTION,
      async run(target) {
        const { caller } = await target.session();
        const connection = await target.connection();
        connection.send(target.caller().frame(null, { nonce: caller.nonce }));
        await mustClose(connection);
      },
    },
    closed('a hello with a wrong signature is refused', (c) => c.frameOf(spoiled(c.hello(null)))),
    closed('a signature of 63 octets is refused', (c) => {
      const hello = c.hello(null);
      return c.frameOf({ ...hello, signature: hello.signature.subarray(1) });
    }),
    closed('a hello signed with another key is refused', (c) => {
      const hello = c.hello(null);
      return c.frameOf({ ...hello, nodeKey: new Caller(c.dialect).key.publicKey });
    }),
    closed('a first hello with an echo is refused', (c) => c.frame(new Uint8Array(32).fill(7))),
    closed('an ephemeral key that gives no secret is refused', (c) =>
      c.frame(null, { ephemeralKey: new Uint8Array(32) }),
    ),
    closed('a frame of 65,537 octets is refused', () => frame(new Uint8Array(0), MAX_HANDSHAKE_FRAME + 1), {
      section: 'wire 2',
    }),
    closed('an empty frame is refused', () => frame(new Uint8Array(0)), { section: 'wire 2' }),
    closed('noise is refused', () => frame(new Uint8Array(200).fill(0xff))),
    closed('a request before the handshake is refused', () => request),
    foreign(2, 5, [1, 2]),
    foreign(3, 8, [2]),
    foreign(0, 5, [1]),
    badAck('an ack with a wrong echo is refused', (c) => c.frame(new Uint8Array(32).fill(9))),
    badAck('an ack without an echo is refused', (c) => c.frame(null)),
    badAck('an ack with a wrong signature is refused', (c, nonce) => c.frameOf(spoiled(c.hello(nonce)))),
    badAck('an ack of another node key is refused', (c, nonce) => new Caller(c.dialect).frame(nonce)),
    badAck('an ack with another nonce is refused', (c, nonce) =>
      c.frame(nonce, { nonce: new Uint8Array(32).fill(3) }),
    ),
    badAck('an ack with another ephemeral key is refused', (c, nonce) =>
      c.frame(nonce, { ephemeralKey: generateX25519().publicKey }),
    ),
    badAck('an ack with other capabilities is refused', (c, nonce) => {
      const { capabilities } = c.hello(null);
      return c.frame(nonce, { capabilities: { ...capabilities, relay: true } });
    }),
    badAck('an ack of another form is refused', (c, nonce, target) => {
      const form = target.dialect === 1 ? DIALECT_1_8 : DIALECT_1;
      return c.frameOf(c.hello(nonce, {}, form), form.capabilityKeys);
    }),
    served(
      'capabilities in another order are served when signed in the order of the protocol',
      (caller, echo) => reordered(caller, echo),
      { section: 'wire v2 4', dialects: [2] },
    ),
    {
      name: 'the same node key is served in two sessions at once',
      section: SECTION,
      async run(target) {
        const first = target.caller();
        const a = await target.session(first);
        const b = await target.session(new Caller(target.form, first.key));
        await a.stillServes();
        await b.stillServes();
      },
    },
  ],
};

/** The map of capabilities written from its last key to its first; everything else as ever. */
function reordered(caller: Caller, echo: Uint8Array | null): Uint8Array {
  const hello = caller.hello(echo);
  const body = Buffer.from(caller.frameOf(hello).subarray(4));
  const keys = [
    'dht',
    'store',
    'relay',
    'content_seed',
    'mobile_light',
    'community_paged_browse',
    'community_search',
    'community_delta_sync',
  ];
  const entry = (key: string) => Buffer.concat([textHead(key), Buffer.from(key), Buffer.of(0xf4)]);
  const there = Buffer.concat(keys.map(entry));
  const at = body.indexOf(there);
  const turned = Buffer.concat([...keys].reverse().map(entry));
  return frame(Buffer.concat([body.subarray(0, at), turned, body.subarray(at + there.length)]));
}

const textHead = (key: string): Buffer =>
  key.length < 24 ? Buffer.of(0x60 | key.length) : Buffer.of(0x78, key.length);
