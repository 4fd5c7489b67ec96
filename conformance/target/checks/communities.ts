import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { generateSeed, keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { signCommunityMember } from '../../../src/protocol/objects/community-member-record.ts';
import { communityMemberKey } from '../../../src/protocol/objects/dht-keys.ts';
import { encodeTagged } from '../../../src/protocol/objects/dht-value.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { nowSeconds } from '../caller.ts';
import type { Check, CheckSuite } from '../check.ts';
import type { Session } from '../session.ts';
import { must, NotJudged } from '../verdict.ts';
import { unknownId } from './requests.ts';

const SECTION = 'wire v2 6';

const page = (
  name: string,
  run: (session: Session, communityId: Uint8Array) => Promise<void>,
  section = SECTION,
): Check => ({
  name,
  section,
  dialects: [2],
  run: async (target) => run(await target.session(), unknownId()),
});

const empty = (count: number, cursor: string | null, id: Uint8Array, asked: Uint8Array) => {
  must(count === 0, 'an empty page', `${count} entries`);
  must(cursor === null, 'no cursor', `the cursor ${cursor}`);
  must(toHex(id) === toHex(asked), 'the community asked for', toHex(id));
};

/** A member of that community, told to the target by STORE. */
async function join(session: Session, communityId: Uint8Array): Promise<Uint8Array> {
  const member = keyPairFromSeed(generateSeed());
  const now = nowSeconds();
  const record = signCommunityMember(member, {
    communityId,
    announceSeq: 1n,
    status: 'joined',
    issuedAt: now,
    expiresAt: now + 86_400n,
    authTokenBytes: null,
  });
  await session.ask(types.STORE, {
    key: communityMemberKey(communityId, member.publicKey),
    value: encodeTagged('community-member', record),
    ttlSecs: 86_400n,
  });
  return member.publicKey;
}

/** What is known to break nodes; after all else, because the broken ones stay so. */
export const traps: CheckSuite = {
  name: 'traps',
  checks: [
    {
      ...page(
        '416 with limit 0 for a community with an event is answered with an empty list',
        async (session, communityId) => {
          await join(session, communityId);
          const { events } = await session.ask(types.LIST_COMMUNITY_EVENTS, {
            communityId,
            sinceCursor: null,
            limit: 0,
          });
          must(events.length === 0, 'no event', `${events.length}`);
        },
        'wire v2 22',
      ),
      harmful: true,
    },
  ],
};

export const communities: CheckSuite = {
  name: 'communities',
  checks: [
    page('410 of an unknown community is an empty page without a cursor', async (session, communityId) => {
      const reply = await session.ask(types.LIST_COMMUNITY_MEMBERS_PAGE, {
        communityId,
        cursor: null,
        limit: 10,
      });
      empty(reply.entries.length, reply.nextCursor, reply.communityId, communityId);
    }),
    page('412 of an unknown community is an empty page without a cursor', async (session, communityId) => {
      const reply = await session.ask(types.LIST_COMMUNITY_SHARES_PAGE, {
        communityId,
        cursor: null,
        limit: 10,
        sinceUnix: null,
      });
      empty(reply.entries.length, reply.nextCursor, reply.communityId, communityId);
    }),
    page('414 of an unknown community is an empty page without a cursor', async (session, communityId) => {
      const reply = await session.ask(types.SEARCH_COMMUNITY_SHARES, {
        communityId,
        query: '',
        cursor: null,
        limit: 10,
      });
      empty(reply.hits.length, reply.nextCursor, reply.communityId, communityId);
    }),
    page('416 of an unknown community is an empty page without a cursor', async (session, communityId) => {
      const reply = await session.ask(types.LIST_COMMUNITY_EVENTS, {
        communityId,
        sinceCursor: null,
        limit: 10,
      });
      empty(reply.events.length, reply.nextCursor, reply.communityId, communityId);
    }),
    page('410 with a cursor that is none starts from the beginning', async (session, communityId) => {
      await session.ask(types.LIST_COMMUNITY_MEMBERS_PAGE, { communityId, cursor: 'not hex', limit: 0xffff });
    }),
    page(
      'a member told by STORE is listed by 410 and told by 416',
      async (session, communityId) => {
        const member = toHex(await join(session, communityId));
        const { entries } = await session.ask(types.LIST_COMMUNITY_MEMBERS_PAGE, {
          communityId,
          cursor: null,
          limit: 10,
        });
        if (entries.length === 0) throw new NotJudged('the target keeps no index of communities');
        must(
          entries.some((entry) => toHex(entry.memberNodePubkey) === member),
          'the member',
          `${entries.length} others`,
        );
        const { events } = await session.ask(types.LIST_COMMUNITY_EVENTS, {
          communityId,
          sinceCursor: null,
          limit: 10,
        });
        must(events.length === 1, 'one event', `${events.length}`);
      },
      'wire v2 10',
    ),
  ],
};
