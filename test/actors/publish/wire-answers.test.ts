import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { DIALECT_1 } from '../../../src/protocol/dialect.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { decodeEnvelope, type Envelope } from '../../../src/protocol/wire/envelope.ts';
import { errorTextOf, isError } from '../../../src/protocol/wire/errors.ts';
import { MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { decodeReply, encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { key, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

const manifestId = 'ab'.repeat(32);

async function list(maxEntries: number) {
  const reply = await world.wire(
    types.LIST_PUBLIC_SHARES,
    encodeRequest(types.LIST_PUBLIC_SHARES, { maxEntries }),
    DIALECT_1,
  );
  if ('error' in reply) throw new Error(reply.error);
  return { ...decodeReply(types.LIST_PUBLIC_SHARES, reply.payload), length: reply.payload.length };
}

describe('the list of public shares', () => {
  test('has those that are public and have a revision, the newest first', async () => {
    const known = [
      world.addShare(1, { public: true, seq: 2, manifestId, updatedAt: 10, title: 'Records' }),
      world.addShare(2, { public: false, seq: 9, manifestId, updatedAt: 99 }),
      world.addShare(3, { public: true, seq: 0, manifestId: null, updatedAt: 98 }),
      world.addShare(4, { public: true, seq: 5, manifestId, updatedAt: 10 }),
      world.addShare(5, { public: true, seq: 1, manifestId, updatedAt: 30 }),
    ];
    const { shares } = await list(64);
    expect(shares.map(({ shareId }) => toHex(shareId))).toEqual(
      [known[4]!, known[3]!, known[0]!].map((own) => own.shareId),
    );
    expect(shares[2]).toEqual({
      shareId: shareIdOf(key(1).publicKey),
      sharePubkey: key(1).publicKey,
      latestSeq: 2n,
      latestManifestId: new Uint8Array(32).fill(0xab),
      title: 'Records',
      description: null,
    });
    // The reference looks at the cap after it has taken one.
    expect([
      (await list(2)).shares.length,
      (await list(1)).shares.length,
      (await list(0)).shares.length,
    ]).toEqual([2, 1, 1]);
  });

  test('is empty when there is nothing to show', async () => {
    expect((await list(64)).shares).toEqual([]);
  });

  test('ends where a reply is full', async () => {
    const title = '音'.repeat(341);
    for (let seed = 0; seed < 200; seed++) world.addShare(seed, { public: true, seq: 1, manifestId, title });
    for (const [name, held] of [...world.shares]) {
      for (let copy = 0; copy < 5; copy++) world.shares.set(`${name}/${copy}`, held);
    }
    const { shares, length } = await list(65_535);
    expect(length).toBeLessThanOrEqual(MAX_PAYLOAD);
    expect(shares.length).toBeGreaterThan(600);
    expect(shares.length).toBeLessThan(1_200);
  });

  test('is not made up when the store does not answer', async () => {
    world.storeFails = { name: 'ownShares', error: failure('E_ACTOR_DOWN', 'the store is down') };
    await expect(list(1)).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
  });
});

interface Exchange {
  readonly request: Envelope;
  readonly reply: Envelope;
}

/** Requests of a transcript of live reference nodes, each with its reply. */
function exchanges(file: string): Exchange[] {
  const path = join(import.meta.dirname, '../../../conformance/transcripts', file);
  const { frames } = JSON.parse(readFileSync(path, 'utf8')) as {
    frames: { conn: number; dir: string; hex: string; decoded: { type?: number } }[];
  };
  const envelopes = frames
    .filter(({ decoded }) => decoded.type !== undefined)
    .map(({ conn, dir, hex }) => ({
      conn,
      dir,
      envelope: decodeEnvelope(Buffer.from(hex, 'hex').subarray(4)),
    }));
  return envelopes.flatMap(({ conn, dir, envelope: request }, place) => {
    const reply = envelopes
      .slice(place + 1)
      .find((other) => other.conn === conn && other.dir !== dir && other.envelope.reqId === request.reqId);
    return reply && dir === 'a>b' ? [{ request, reply: reply.envelope }] : [];
  });
}

/** Whether a node that has joined nothing answers so. */
function ofNoMember({ request: { type }, reply }: Exchange): boolean {
  if (isError(reply)) return /does not match share_pubkey|^Semantic/.test(errorTextOf(reply));
  switch (type) {
    case types.GET_COMMUNITY_STATUS:
      return !decodeReply(type, reply.payload).joined;
    case types.LIST_COMMUNITY_PUBLIC_SHARES:
      return decodeReply(type, reply.payload).shares.length === 0;
    default:
      // Of the transcripts read here, all others are of communities that nobody knows.
      return true;
  }
}

describe('communities, as live reference nodes that have joined none', () => {
  test.each([
    ['community.json', 4],
    ['v2/community-status.json', 3],
    ['v2/errors.json', 4],
  ])('%s', async (file, least) => {
    const asked = exchanges(file).filter(
      (exchange) => [404, 406, 410, 412, 414, 416].includes(exchange.request.type) && ofNoMember(exchange),
    );
    expect(asked.length).toBeGreaterThanOrEqual(least);
    for (const { request, reply } of asked) {
      const ours = await world.wire(request.type, request.payload);
      if (isError(reply)) expect(ours).toEqual({ error: errorTextOf(reply) });
      else expect(ours).toEqual({ payload: new Uint8Array(reply.payload) });
    }
  });

  test.each([types.LIST_COMMUNITY_MEMBERS_PAGE, types.LIST_COMMUNITY_SHARES_PAGE] as const)(
    'page %i: empty, without a cursor, also for a limit of 0',
    async (type) => {
      const communityId = new Uint8Array(32).fill(7);
      const request = { communityId, cursor: 'ff'.repeat(32), limit: 0, sinceUnix: 5n };
      const reply = await world.wire(type, encodeRequest(type, request));
      if ('error' in reply) throw new Error(reply.error);
      expect(decodeReply(type, reply.payload)).toEqual({ communityId, entries: [], nextCursor: null });
    },
  );

  test('search and events: empty; the event log of limit 0, at which the reference dies, too', async () => {
    const communityId = new Uint8Array(32).fill(7);
    const search = await world.wire(
      types.SEARCH_COMMUNITY_SHARES,
      encodeRequest(types.SEARCH_COMMUNITY_SHARES, { communityId, query: 'x', cursor: null, limit: 9 }),
    );
    if ('error' in search) throw new Error(search.error);
    expect(decodeReply(types.SEARCH_COMMUNITY_SHARES, search.payload)).toEqual({
      communityId,
      hits: [],
      nextCursor: null,
    });
    const events = await world.wire(
      types.LIST_COMMUNITY_EVENTS,
      encodeRequest(types.LIST_COMMUNITY_EVENTS, { communityId, sinceCursor: null, limit: 0 }),
    );
    if ('error' in events) throw new Error(events.error);
    expect(decodeReply(types.LIST_COMMUNITY_EVENTS, events.payload)).toEqual({
      communityId,
      events: [],
      nextCursor: null,
    });
  });

  test('what is not ours to answer, and what is no message at all', async () => {
    expect(await world.wire(types.GET_CHUNK, new Uint8Array())).toEqual({
      error: 'unsupported message type',
    });
    for (const type of [402, 404, 406, 410, 412, 414, 416]) {
      for (const payload of [new Uint8Array(), Uint8Array.of(0xff), new Uint8Array(1000).fill(0x9f)]) {
        expect(await world.wire(type, payload)).toEqual({ error: expect.any(String) });
      }
    }
  });
});
