import { randomBytes } from 'node:crypto';
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeFrame,
  FLAG_RESPONSE,
} from '../../../src/protocol/wire/envelope.ts';
import { errorTextOf, isError } from '../../../src/protocol/wire/errors.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { nowSeconds } from '../caller.ts';
import type { CheckSuite } from '../check.ts';
import { readReply, type Session } from '../session.ts';
import { must } from '../verdict.ts';

const SECTION = 'wire 12';

const register = (session: Session, relaySlotId: bigint | null = null, tunnel = false) =>
  session.ask(types.RELAY_REGISTER, { relaySlotId, tunnel });

/** Refused; or, where the target relays for nobody, the check is skipped. */
async function refusedByRelay(
  session: Session,
  type: typeof types.RELAY_CONNECT | typeof types.RELAY_REGISTER,
  payload: Uint8Array,
) {
  const reply = await session.exchange(type, payload);
  if (isError(reply) && /not served/.test(errorTextOf(reply))) readReply(type, reply);
  must(isError(reply), 'an error reply', 'an acknowledgement');
}

const unknownSlot = (): bigint => randomBytes(8).readBigUInt64BE() | 1n;

export const relay: CheckSuite = {
  name: 'relay',
  checks: [
    {
      name: '450 gives a slot that is not 0, for about ten minutes',
      section: SECTION,
      async run(target) {
        const { relaySlotId, expiresAt } = await register(await target.session());
        must(relaySlotId !== 0n, 'a slot', '0');
        const life = expiresAt - nowSeconds();
        must(life > 540n && life <= 660n, 'about 600 s', `${life} s`);
      },
    },
    {
      name: '450 renews a slot of the same key, and refuses it to another',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const { relaySlotId } = await register(session);
        const again = await register(session, relaySlotId);
        must(again.relaySlotId === relaySlotId, `slot ${relaySlotId}`, `slot ${again.relaySlotId}`);
        const other = await target.session();
        await refusedByRelay(
          other,
          types.RELAY_REGISTER,
          encodeRequest(types.RELAY_REGISTER, { relaySlotId, tunnel: false }),
        );
      },
    },
    {
      name: '452 of an unknown slot is refused',
      section: SECTION,
      async run(target) {
        const payload = encodeRequest(types.RELAY_CONNECT, { relaySlotId: unknownSlot() });
        await refusedByRelay(await target.session(), types.RELAY_CONNECT, payload);
      },
    },
    {
      name: 'a request through a tunnel reaches its owner, and the reply comes back',
      section: 'wire 12.2',
      async run(target) {
        const owner = await target.session();
        const { relaySlotId } = await register(owner, null, true);
        const asker = await target.session();
        const inner = {
          type: types.LIST_PUBLIC_SHARES,
          reqId: 77,
          flags: 0,
          payload: encodeRequest(types.LIST_PUBLIC_SHARES, { maxEntries: 1 }),
        };
        const stream = { relaySlotId, streamId: 0, kind: 'content', payload: encodeEnvelope(inner) } as const;
        const answer = asker.ask(types.RELAY_STREAM, stream);
        const came = await owner.reply();
        must(
          came.type === inner.type && came.reqId === 77,
          'the request as it was sent',
          `type ${came.type}, req_id ${came.reqId}`,
        );
        const reply = {
          type: types.PUBLIC_SHARE_LIST,
          reqId: 77,
          flags: FLAG_RESPONSE,
          payload: Uint8Array.of(0xa0),
        };
        owner.frames.send(encodeFrame(reply));
        const { payload } = await answer;
        const back = decodeEnvelope(payload);
        must(
          back.type === reply.type && back.reqId === 77,
          'the reply as it was sent',
          `type ${back.type}, req_id ${back.reqId}`,
        );
      },
    },
    {
      name: '460 is answered with at most as many announcements as asked for',
      section: 'wire 12.5',
      async run(target) {
        const session = await target.session();
        const { announcements } = await session.ask(types.RELAY_LIST_REQUEST, { maxCount: 4 });
        must(announcements.length <= 4, 'at most 4', `${announcements.length}`);
      },
    },
  ],
};
