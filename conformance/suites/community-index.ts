import { type Codec, encodeWith } from '../../src/protocol/cbor/codec.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { materialize } from '../../src/protocol/objects/community-hints.ts';
import { type CommunityIndex, createCommunityIndex } from '../../src/protocol/objects/community-index.ts';
import {
  type DhtContent,
  encodeTagged,
  keysOf,
  parseDhtValue,
} from '../../src/protocol/objects/dht-value.ts';
import * as pages from '../../src/protocol/wire/community-pages.ts';
import {
  asBigInt,
  asList,
  asNumber,
  asObject,
  asOctets,
  asText,
  type JsonObject,
  MalformedVectors,
  toHex,
} from '../json.ts';
import { compare } from '../same-value.ts';
import type { Report, Suite } from '../suite.ts';

/** What a node that was given records answers about a community. */
export const communityIndex: Suite = {
  name: 'community index',
  sections: ['generated.community_index'],
  run(section, value, report) {
    const entry = asObject(value, section);
    const index = createCommunityIndex();
    for (const record of asList(entry.ingested_in_order, 'ingested_in_order')) {
      ingest(index, asOctets(asObject(record, 'record').tagged_hex, 'tagged_hex'));
    }
    const community = asOctets(entry.community_id_hex, 'community_id_hex');
    asList(entry.queries, 'queries').forEach((query, i) => {
      report.attempt(`query ${i}`, () => checkQuery(`query ${i}`, asObject(query, 'query'), index, report));
    });
    const joined = String(index.joinedMembers(community).length);
    report.equal(
      'joined members',
      String(asNumber(entry.joined_member_count, 'joined_member_count')),
      joined,
    );
    for (const [name, list] of Object.entries(entry)) {
      const bucket = /^materialized_at_bucket_(\d+)$/.exec(name)?.[1];
      if (bucket !== undefined) checkPages(BigInt(bucket), asList(list, name), community, index, report);
    }
  },
};

function ingest(index: CommunityIndex, tagged: Uint8Array): void {
  const content = parseDhtValue(tagged);
  if (content?.kind === 'community-member') index.addMember(content.value);
  else if (content?.kind === 'community-share') index.addShare(content.value);
  else throw new MalformedVectors(`ingested: ${content?.kind ?? 'no known value'}`);
}

function checkQuery(name: string, query: JsonObject, index: CommunityIndex, report: Report): void {
  const request = new Reader(asOctets(query.request_hex, 'request_hex'));
  const { type, codec, reply } = answer(index, asNumber(query.type, 'type'), request);
  report.equal(`${name} type`, String(asNumber(query.reply_type, 'reply_type')), String(type));
  report.equal(name, asText(query.reply_hex, 'reply_hex'), toHex(encodeWith(codec, reply)));
  const { difference } = compare(query.reply, reply);
  report.equal(`${name} as written down`, 'as written down', difference ?? 'as written down');
}

function answer(
  index: CommunityIndex,
  type: number,
  r: Reader,
): { type: number; codec: Codec<unknown>; reply: unknown } {
  const made = <T>(codec: Codec<T>, reply: T) => ({ type: type + 1, codec: codec as Codec<unknown>, reply });
  switch (type) {
    case 410:
      return made(pages.communityMembersPage, index.membersPage(pages.listCommunityMembersPage.read(r)));
    case 412:
      return made(pages.communitySharesPage, index.sharesPage(pages.listCommunitySharesPage.read(r)));
    case 414:
      return made(pages.communitySearchResults, index.search(pages.searchCommunityShares.read(r)));
    case 416:
      return made(pages.communityEvents, index.events(pages.listCommunityEvents.read(r)));
    default:
      throw new MalformedVectors(`a query of type ${type}`);
  }
}

function checkPages(
  bucket: bigint,
  expected: readonly unknown[],
  community: Uint8Array,
  index: CommunityIndex,
  report: Report,
): void {
  const written = expected.map((each) => asObject(each, 'page'));
  const builtAt = asBigInt(asObject(written[0]?.page, 'page').built_at, 'built_at');
  const members = materialize(community, bucket, builtAt, index.joinedMembers(community));
  const shares = materialize(community, bucket, builtAt, index.shares(community));
  const made = [
    ...members.map((value): DhtContent => ({ kind: 'members-page', value })),
    ...shares.map((value): DhtContent => ({ kind: 'shares-page', value })),
  ];
  report.equal('pages', String(written.length), String(made.length));
  written.forEach((page, i) => {
    const content = made[i];
    if (content?.kind !== 'members-page' && content?.kind !== 'shares-page') return;
    const tagged =
      content.kind === 'members-page'
        ? encodeTagged(content.kind, content.value)
        : encodeTagged(content.kind, content.value);
    report.equal(`page ${i}`, asText(page.tagged_hex, 'tagged_hex'), toHex(tagged));
    report.equal(`page ${i} key`, asText(page.dht_key_hex, 'dht_key_hex'), toHex(keysOf(content)[0]!));
  });
}
