import type { Suite, TranscriptSuite } from '../suite.ts';
import { capabilities } from './capabilities.ts';
import { cborTable } from './cbor-table.ts';
import { chunkHashing } from './chunk-hashing.ts';
import { communityIndex } from './community-index.ts';
import { communityRecords } from './community-records.ts';
import { dhtValues, tagOctets } from './dht-values.ts';
import { handshakes } from './handshakes.ts';
import { identityRecords } from './identity.ts';
import { identityChains } from './identity-chains.ts';
import { dhtKeys, ids } from './ids.ts';
import { leniency } from './leniency.ts';
import { manifests, shareHeads } from './manifests.ts';
import { membershipTokens } from './membership-tokens.ts';
import { messages } from './messages.ts';
import { rendezvous, xorOrder } from './places.ts';
import { relayAnnouncements } from './relay-announcements.ts';
import { secrets } from './secrets.ts';
import { shareLinks } from './share-link.ts';
import { transcriptObjects } from './transcript-objects.ts';
import { transcripts } from './transcripts.ts';

/** Every suite for sections of vector files. */
export const SUITES: readonly Suite[] = [
  messages,
  cborTable,
  leniency,
  ids,
  dhtKeys,
  xorOrder,
  rendezvous,
  chunkHashing,
  capabilities,
  handshakes,
  manifests,
  shareHeads,
  membershipTokens,
  relayAnnouncements,
  identityRecords,
  identityChains,
  communityRecords,
  communityIndex,
  dhtValues,
  tagOctets,
  secrets,
  shareLinks,
];

/** Every suite for transcripts. */
export const TRANSCRIPT_SUITES: readonly TranscriptSuite[] = [transcripts, transcriptObjects];
