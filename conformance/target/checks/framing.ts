import { decodeEnvelope, encodeFrame, FLAG_RESPONSE } from '../../../src/protocol/wire/envelope.ts';
import { MAX_FRAME, MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';
import { LIST_PUBLIC_SHARES, PUBLIC_SHARE_LIST } from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import type { Check, CheckSuite } from '../check.ts';
import { cbor, frame, hex, nested } from '../octets.ts';
import { describe, REPLY_MS } from '../session.ts';
import { mustClose } from '../target.ts';
import { must } from '../verdict.ts';

const SECTION = 'wire 2';
const LENIENCY = 'wire 1';
const payload = encodeRequest(LIST_PUBLIC_SHARES, { maxEntries: 5 });
const good = { type: LIST_PUBLIC_SHARES, reqId: 7, flags: 0, payload };

/** The four entries of a good envelope, encoded, by key. */
const ENTRIES: Readonly<Record<string, Uint8Array>> = {
  type: cbor((w) => w.text('type').uint(good.type)),
  req_id: cbor((w) => w.text('req_id').uint(good.reqId)),
  flags: cbor((w) => w.text('flags').uint(0)),
  payload: cbor((w) => w.text('payload').bytes(payload)),
};

/** A good envelope with some entries put in another way; null leaves one out. */
function envelope(changes: Record<string, Uint8Array | null> = {}): Uint8Array {
  const entries = Object.entries({ ...ENTRIES, ...changes }).flatMap(([, entry]) => entry ?? []);
  return cbor((w) => entries.reduce((out, entry) => out.raw(entry), w.map(entries.length)));
}

const closes = (name: string, octets: Uint8Array, section = SECTION): Check => ({
  name,
  section,
  async run(target) {
    const session = await target.session();
    session.frames.send(octets);
    await mustClose(session.frames);
  },
});

const answers = (name: string, octets: Uint8Array, reqId = good.reqId, section = LENIENCY): Check => ({
  name,
  section,
  async run(target) {
    const session = await target.session();
    session.frames.send(octets);
    const reply = await session.reply();
    must(
      reply.type === PUBLIC_SHARE_LIST && reply.reqId === reqId && reply.flags === FLAG_RESPONSE,
      `type ${PUBLIC_SHARE_LIST}, req_id ${reqId}, flags 1`,
      describe(reply),
    );
  },
});

const wide = (key: string, head: string): Uint8Array => cbor((w) => w.text(key).raw(hex(head)));

export const framing: CheckSuite = {
  name: 'framing',
  checks: [
    answers('a request has one reply, with its req_id and the response flag', encodeFrame(good), 7, SECTION),
    answers('req_id 0 is answered like any', encodeFrame({ ...good, reqId: 0 }), 0, SECTION),
    answers(
      'req_id 2^32 - 1 is answered',
      encodeFrame({ ...good, reqId: 0xffff_ffff }),
      0xffff_ffff,
      SECTION,
    ),
    answers('flags of a request are not looked at', encodeFrame({ ...good, flags: 0xffff }), 7, SECTION),
    {
      name: 'a frame in two pieces is read',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const octets = encodeFrame(good);
        session.frames.send(octets.subarray(0, 2));
        await new Promise((resolve) => setTimeout(resolve, 20));
        session.frames.send(octets.subarray(2));
        must((await session.reply()).type === PUBLIC_SHARE_LIST, 'an answer', 'another reply');
      },
    },
    {
      name: 'a hundred requests in one write are answered in their order',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const frames = Array.from({ length: 100 }, (_, reqId) => encodeFrame({ ...good, reqId }));
        session.frames.send(Buffer.concat(frames));
        for (let reqId = 0; reqId < frames.length; reqId++) {
          const reply = await session.reply();
          must(reply.reqId === reqId, `req_id ${reqId}`, `req_id ${reply.reqId}`);
        }
      },
    },
    {
      name: 'an error among requests ends nothing',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const bad = encodeFrame({ type: 65_000, reqId: 1, flags: 0, payload });
        session.frames.send(Buffer.concat([encodeFrame(good), bad, encodeFrame(good)]));
        const flags = [];
        for (let i = 0; i < 3; i++) flags.push((await session.reply()).flags);
        must(flags.join() === '1,3,1', 'flags 1, 3, 1', flags.join(', '));
      },
    },
    {
      name: 'no reply is longer than a frame may be',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        session.frames.send(
          encodeFrame({ ...good, payload: encodeRequest(LIST_PUBLIC_SHARES, { maxEntries: 0xffff }) }),
        );
        const received = await session.frames.next(REPLY_MS);
        must(received.kind === 'frame', 'a reply', received.kind);
        decodeEnvelope(received.body);
      },
    },
    closes(
      'a payload of 1 MiB and 1 octet is refused',
      encodeFrame({ ...good, payload: new Uint8Array(MAX_PAYLOAD + 1) }),
    ),
    closes('a frame of 2 MiB and 1 octet is refused unread', frame(new Uint8Array(0), MAX_FRAME + 1)),
    closes('a frame of 2^32 - 1 octets is refused unread', frame(new Uint8Array(0), 0xffff_ffff)),
    closes('an empty frame is refused', frame(new Uint8Array(0))),
    closes('noise is refused', frame(new Uint8Array(300).fill(0xff))),
    closes('req_id 2^32 is refused', frame(envelope({ req_id: wide('req_id', '1b0000000100000000') }))),
    closes('type 65536 is refused', frame(envelope({ type: wide('type', '1a00010000') }))),
    closes('flags 65536 are refused', frame(envelope({ flags: wide('flags', '1a00010000') }))),
    closes('a negative req_id is refused', frame(envelope({ req_id: wide('req_id', '20') }))),
    closes('a floating req_id is refused', frame(envelope({ req_id: wide('req_id', 'f93c00') }))),
    ...Object.keys(ENTRIES).map((key) => closes(`no ${key} is refused`, frame(envelope({ [key]: null })))),
    closes('a key twice is refused', frame(envelope({ again: ENTRIES.type! })), LENIENCY),
    closes('a number as a key is refused', frame(envelope({ extra: hex('0707') })), LENIENCY),
    closes(
      'an array is refused',
      frame(cbor((w) => w.array(4).uint(402).uint(7).uint(0).bytes(payload))),
      LENIENCY,
    ),
    closes(
      '300 arrays inside each other are refused',
      frame(envelope({ extra: cbor((w) => w.text('x').raw(nested(300))) })),
      LENIENCY,
    ),
    answers('an unknown text key is ignored', frame(envelope({ extra: cbor((w) => w.text('x').null()) }))),
    answers('keys in another order are read', frame(envelope({ type: null, late: ENTRIES.type! }))),
    answers(
      'a payload as an array of integers is read',
      frame(envelope({ payload: cbor((w) => w.text('payload').byteArray(payload)) })),
    ),
    answers(
      'a payload in pieces is read',
      frame(
        envelope({
          payload: cbor((w) =>
            w
              .text('payload')
              .raw(hex('5f'))
              .bytes(payload.subarray(0, 4))
              .bytes(payload.subarray(4))
              .raw(hex('ff')),
          ),
        }),
      ),
    ),
    answers(
      'a map without a length is read',
      frame(Buffer.concat([hex('bf'), ...Object.values(ENTRIES), hex('ff')])),
    ),
    answers('tags in front are skipped', frame(Buffer.concat([hex('d9d9f7'), envelope()]))),
    answers('surplus octets behind are ignored', frame(Buffer.concat([envelope(), new Uint8Array(50)]))),
    answers(
      'integers in a longer form are read',
      frame(envelope({ type: wide('type', '1b0000000000000192') })),
    ),
  ],
};
