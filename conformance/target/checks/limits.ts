import { type Envelope, encodeFrame } from '../../../src/protocol/wire/envelope.ts';
import { errorTextOf, isError } from '../../../src/protocol/wire/errors.ts';
import { MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { RATE_LIMITS, type RateClass } from '../../../src/protocol/wire/rate-class.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import type { Check, CheckSuite } from '../check.ts';
import type { Session } from '../session.ts';
import { must, NotJudged } from '../verdict.ts';
import { unknownId } from './requests.ts';

const SECTION = 'wire 7';
/** A node may answer slower and slower; this long it has for one reply. */
const PATIENCE_MS = 15_000;

const limited = (reply: Envelope): boolean => isError(reply) && errorTextOf(reply).includes('rate limit');

/** As many requests of one class as a key has in a minute, and one more. */
const rate = (kind: RateClass, type: number, payload: () => Uint8Array, more: Partial<Check> = {}): Check => {
  const most = RATE_LIMITS[kind];
  return {
    name: `${most} requests of class ${kind} in a row are taken, and number ${most + 1} is refused with "rate limit"`,
    section: SECTION,
    deadlineMs: 40_000,
    ...more,
    async run(target) {
      const session = await target.session();
      await judged(session, type, payload());
      // The one that was just asked counts as well.
      const asked = Array.from({ length: most }, (_, reqId) => ({ reqId, payload: payload() }));
      session.pipeline(type, asked);
      for (let reqId = 0; reqId < most; reqId++) {
        const reply = await session.reply(PATIENCE_MS);
        const number = reqId + 2;
        if (number <= most) must(!limited(reply), `request ${number} taken`, `"${errorTextOf(reply)}"`);
        else must(limited(reply), `request ${number} refused`, 'a reply');
      }
    },
  };
};

/** Skips where the target leaves the message out. */
async function judged(session: Session, type: number, payload: Uint8Array): Promise<void> {
  const reply = await session.exchange(type, payload);
  if (!isError(reply)) return;
  const text = errorTextOf(reply);
  if (/not served/.test(text)) throw new NotJudged(`the target says: ${text}`);
}

export const limits: CheckSuite = {
  name: 'limits',
  checks: [
    {
      name: 'eight sessions of one address are served at once',
      section: 'wire v2 3',
      async run(target) {
        // Those of earlier checks may still be counted.
        await new Promise((resolve) => setTimeout(resolve, 500));
        const sessions = [];
        for (let i = 0; i < 8; i++) sessions.push(await target.session());
        for (const session of sessions) await session.stillServes();
      },
    },
    rate('fetch', types.GET_MANIFEST, () => encodeRequest(types.GET_MANIFEST, { manifestId: unknownId() })),
    rate('dht', types.FIND_VALUE, () => encodeRequest(types.FIND_VALUE, { key: unknownId() })),
    rate('relay', types.RELAY_CONNECT, () => encodeRequest(types.RELAY_CONNECT, { relaySlotId: 1n })),
    rate(
      'community',
      types.LIST_COMMUNITY_MEMBERS_PAGE,
      () =>
        encodeRequest(types.LIST_COMMUNITY_MEMBERS_PAGE, {
          communityId: unknownId(),
          cursor: null,
          limit: 5,
        }),
      { dialects: [2], section: 'wire v2 7' },
    ),
    {
      name: 'a limit of one key is none of another',
      section: SECTION,
      deadlineMs: 30_000,
      async run(target) {
        const payload = encodeRequest(types.GET_MANIFEST, { manifestId: unknownId() });
        const many = await target.session();
        const count = RATE_LIMITS.fetch + 1;
        many.pipeline(
          types.GET_MANIFEST,
          Array.from({ length: count }, (_, reqId) => ({ reqId, payload })),
        );
        let last: Envelope | null = null;
        for (let i = 0; i < count; i++) last = await many.reply(PATIENCE_MS);
        must(last !== null && limited(last), 'a refusal', 'an answer');
        const other = await (await target.session()).exchange(types.GET_MANIFEST, payload);
        must(!limited(other), 'an answer', `"${errorTextOf(other)}"`);
      },
    },
    {
      name: 'a payload of exactly 1 MiB ends nothing',
      section: 'wire 2',
      slow: true,
      deadlineMs: 2 * PATIENCE_MS,
      async run(target) {
        const session = await target.session();
        const list = encodeRequest(types.LIST_PUBLIC_SHARES, { maxEntries: 5 });
        const payload = Buffer.concat([list], MAX_PAYLOAD);
        session.frames.send(encodeFrame({ type: types.LIST_PUBLIC_SHARES, reqId: 9, flags: 0, payload }));
        must((await session.reply(PATIENCE_MS)).reqId === 9, 'a reply', 'another one');
        // Refusing so much may have its price in time.
        await session.exchange(65_000, new Uint8Array(0), 10, PATIENCE_MS);
      },
    },
  ],
};
