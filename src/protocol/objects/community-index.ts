import { toHex } from '../crypto/bytes.ts';
import type { CommunityEvent } from '../wire/community-event.ts';
import type {
  CommunityEvents,
  CommunityMemberSummary,
  CommunityMembersPage,
  CommunitySearchHit,
  CommunitySearchResults,
  CommunityShareSummary,
  CommunitySharesPage,
  ListCommunityEvents,
  ListCommunityMembersPage,
  ListCommunitySharesPage,
  SearchCommunityShares,
} from '../wire/community-pages.ts';
import { type CommunityLog, createCommunityLog } from './community-log.ts';
import type { CommunityMemberRecord } from './community-member-record.ts';
import type { CommunityShareRecord } from './community-share-record.ts';
import { type CommunityTable, createCommunityTable } from './community-table.ts';
import { MANIFEST_LIMITS } from './manifest-contents.ts';

/**
 * What a node knows of communities from the records stored with it, and its answers to 410-416 (SCP2P wire v2,
 * section 6). In memory; it takes verified records, and the caller decides which members it wants.
 */
export interface CommunityIndex {
  /** True when the record was newer than what was known, and was taken. */
  addMember(record: CommunityMemberRecord): boolean;
  /** The same; a share with a title or description longer than a manifest of ours may have is not listed. */
  addShare(record: CommunityShareRecord): boolean;
  membersPage(request: ListCommunityMembersPage): CommunityMembersPage;
  sharesPage(request: ListCommunitySharesPage): CommunitySharesPage;
  search(request: SearchCommunityShares): CommunitySearchResults;
  events(request: ListCommunityEvents): CommunityEvents;
  /** All members that joined and did not leave, by key. */
  joinedMembers(communityId: Uint8Array): CommunityMemberSummary[];
  /** All shares, by id. */
  shares(communityId: Uint8Array): CommunityShareSummary[];
}

export interface CommunityIndexLimits {
  /** Communities held; the one fed longest ago goes. */
  readonly communities: number;
  /** Members, shares and events held of each; the oldest go. The reference's number. */
  readonly records: number;
  /** Estimated octets of everything held; beyond it the largest community loses its oldest records. */
  readonly octets: number;
}

const DEFAULT_LIMITS: CommunityIndexLimits = { communities: 1024, records: 10_000, octets: 64 * 1024 * 1024 };

/** The most entries that one answer has, whatever was asked for: the reference's numbers. */
const PAGE_LIMITS = { members: 200, shares: 100, search: 50, events: 200 };
/** Octets of entries in one answer, so that it stays below the 1 MiB that every client reads. */
const PAGE_OCTETS = 768 * 1024;
/** An entry without its texts: two keys as arrays of integers, field names, numbers. */
const ENTRY_OCTETS = 320;

interface Community {
  readonly members: CommunityTable<CommunityMemberSummary>;
  readonly shares: CommunityTable<CommunityShareSummary>;
  readonly log: CommunityLog;
  octets: number;
}

export function createCommunityIndex(limits: CommunityIndexLimits = DEFAULT_LIMITS): CommunityIndex {
  const communities = new Map<string, Community>();
  let total = 0;

  function create(): Community {
    const forget = (value: CommunityMemberSummary | CommunityShareSummary | CommunityEvent) =>
      weigh(community, -octetsOf(value));
    const community: Community = {
      members: createCommunityTable<CommunityMemberSummary>(limits.records, forget),
      shares: createCommunityTable<CommunityShareSummary>(limits.records, forget),
      log: createCommunityLog(limits.records, forget),
      octets: 0,
    };
    return community;
  }

  function weigh(community: Community, octets: number): void {
    community.octets += octets;
    total += octets;
  }

  /** The community a record is for, now the one fed last. */
  function feed(communityId: Uint8Array): Community {
    const name = toHex(communityId);
    const community = communities.get(name) ?? create();
    communities.delete(name);
    if (communities.size >= limits.communities) {
      const [oldest, gone] = communities.entries().next().value!;
      communities.delete(oldest);
      total -= gone.octets;
    }
    communities.set(name, community);
    return community;
  }

  function trim(): void {
    while (total > limits.octets) {
      const largest = [...communities.values()].reduce((a, b) => (b.octets > a.octets ? b : a));
      // Events first: they repeat what the tables say.
      const dropped = largest.log.dropOldest() ?? largest.shares.dropOldest() ?? largest.members.dropOldest();
      if (dropped === undefined) return;
    }
  }

  function find(communityId: Uint8Array): Community | undefined {
    return communities.get(toHex(communityId));
  }

  return {
    addMember(record) {
      const known = find(record.communityId)?.members.get(record.memberNodePubkey);
      if (known !== undefined && record.announceSeq <= known.announceSeq) return false;
      const { memberNodePubkey, status, announceSeq } = record;
      const community = feed(record.communityId);
      const summary: CommunityMemberSummary = { memberNodePubkey, status, announceSeq, addr: null };
      const event: CommunityEvent = {
        type: status === 'joined' ? 'member_joined' : 'member_left',
        memberNodePubkey,
        announceSeq,
      };
      community.members.set(memberNodePubkey, summary);
      community.log.append(event);
      weigh(community, octetsOf(summary) + octetsOf(event));
      trim();
      return true;
    },

    addShare(record) {
      const known = find(record.communityId)?.shares.get(record.shareId);
      if (known !== undefined && !isNewer(record, known)) return false;
      if (isTooLong(record.title, MANIFEST_LIMITS.title)) return false;
      if (isTooLong(record.description, MANIFEST_LIMITS.description)) return false;
      const { shareId, sharePubkey, latestSeq, title, description, updatedAt } = record;
      const community = feed(record.communityId);
      const summary: CommunityShareSummary = {
        shareId,
        sharePubkey,
        latestSeq,
        title,
        description,
        updatedAt,
      };
      const event: CommunityEvent = { type: 'share_upserted', shareId, latestSeq, title };
      community.shares.set(shareId, summary);
      community.log.append(event);
      weigh(community, octetsOf(summary) + octetsOf(event));
      trim();
      return true;
    },

    membersPage({ communityId, cursor, limit }) {
      const members = find(communityId)?.members.after(cursor) ?? [];
      const { entries, more } = cut(members, Math.min(limit, PAGE_LIMITS.members));
      const nextCursor = more ? toHex(entries.at(-1)!.memberNodePubkey) : null;
      return { communityId, entries, nextCursor };
    },

    sharesPage({ communityId, cursor, limit, sinceUnix }) {
      const shares = find(communityId)?.shares.after(cursor) ?? [];
      const wanted = filter(shares, (share) => sinceUnix === null || share.updatedAt >= sinceUnix);
      const { entries, more } = cut(wanted, Math.min(limit, PAGE_LIMITS.shares));
      const nextCursor = more ? toHex(entries.at(-1)!.shareId) : null;
      return { communityId, entries, nextCursor };
    },

    search({ communityId, query, cursor, limit }) {
      const shares = find(communityId)?.shares.after(cursor) ?? [];
      const { entries: hits, more } = cut(matches(shares, query), Math.min(limit, PAGE_LIMITS.search));
      const nextCursor = more ? toHex(hits.at(-1)!.shareId) : null;
      return { communityId, hits, nextCursor };
    },

    events({ communityId, sinceCursor, limit }) {
      const events: CommunityEvent[] = [];
      const most = Math.min(limit, PAGE_LIMITS.events);
      let nextCursor: string | null = null;
      let octets = 0;
      for (const [number, event] of find(communityId)?.log.after(sinceCursor) ?? []) {
        octets += octetsOf(event);
        if (events.length >= most || (octets > PAGE_OCTETS && events.length > 0)) break;
        events.push(event);
        nextCursor = String(number);
      }
      return { communityId, events, nextCursor };
    },

    joinedMembers(communityId) {
      const members = find(communityId)?.members.after(null) ?? [];
      return [...filter(members, (member) => member.status === 'joined')];
    },

    shares: (communityId) => [...(find(communityId)?.shares.after(null) ?? [])],
  };
}

function isNewer(record: CommunityShareRecord, known: CommunityShareSummary): boolean {
  if (record.latestSeq !== known.latestSeq) return record.latestSeq > known.latestSeq;
  return record.updatedAt > known.updatedAt;
}

function isTooLong(text: string | null, limit: number): boolean {
  return text !== null && Buffer.byteLength(text) > limit;
}

/** Entries up to the limits of one answer, and whether any is left. No limit at all gives nothing, and says so. */
function cut<T extends CommunityMemberSummary | CommunityShareSummary | CommunitySearchHit>(
  source: Iterable<T>,
  limit: number,
): { entries: T[]; more: boolean } {
  const entries: T[] = [];
  let octets = 0;
  if (limit === 0) return { entries, more: false };
  for (const entry of source) {
    octets += octetsOf(entry);
    if (entries.length >= limit || (octets > PAGE_OCTETS && entries.length > 0))
      return { entries, more: true };
    entries.push(entry);
  }
  return { entries, more: false };
}

function* filter<T>(source: Iterable<T>, keep: (value: T) => boolean): Generator<T> {
  for (const value of source) if (keep(value)) yield value;
}

/** The whole query as a part of the title, or else of the description; the empty one is in every title. */
function* matches(shares: Iterable<CommunityShareSummary>, query: string): Generator<CommunitySearchHit> {
  const wanted = query.toLowerCase();
  for (const { shareId, sharePubkey, latestSeq, title, description } of shares) {
    let score = 0;
    if ((title ?? '').toLowerCase().includes(wanted)) score = 200;
    else if ((description ?? '').toLowerCase().includes(wanted)) score = 100;
    if (score > 0) yield { shareId, sharePubkey, latestSeq, title, description, score };
  }
}

function octetsOf(
  value: CommunityMemberSummary | CommunityShareSummary | CommunitySearchHit | CommunityEvent,
): number {
  let octets = ENTRY_OCTETS;
  if ('title' in value && value.title !== null) octets += Buffer.byteLength(value.title);
  if ('description' in value && value.description !== null) octets += Buffer.byteLength(value.description);
  return octets;
}
