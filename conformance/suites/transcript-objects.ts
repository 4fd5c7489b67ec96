import { Reader } from '../../src/protocol/cbor/reader.ts';
import { DIALECT_1, DIALECT_2, type Dialect } from '../../src/protocol/dialect.ts';
import { decodeHello } from '../../src/protocol/handshake/hello.ts';
import { checkDhtValue } from '../../src/protocol/objects/dht-value.ts';
import { decodeManifest, manifestId, verifyManifest } from '../../src/protocol/objects/manifest.ts';
import { verifyRelayAnnouncement } from '../../src/protocol/objects/relay-announcement.ts';
import type { ManifestData } from '../../src/protocol/wire/catalog.ts';
import type { FindValueResult } from '../../src/protocol/wire/dht.ts';
import { decodeEnvelope, type Envelope, FLAG_RESPONSE } from '../../src/protocol/wire/envelope.ts';
import { isError } from '../../src/protocol/wire/errors.ts';
import { LENGTH_PREFIX, MAX_FRAME } from '../../src/protocol/wire/limits.ts';
import * as types from '../../src/protocol/wire/message-types.ts';
import type { RelayListResponse, RelayStream } from '../../src/protocol/wire/relay.ts';
import { asList, asObject, asOctets, MalformedVectors, toHex } from '../json.ts';
import { payloadCodec } from '../payload-codec.ts';
import type { Report, TranscriptSuite } from '../suite.ts';

/** What is known of a connection from its handshake. */
interface Session {
  readonly dialect: Dialect;
  /** Seconds since 1970. */
  readonly startedAt: bigint;
}

/** What nodes handed out: manifests have their ids, values belong under their keys, and all signatures verify. */
export const transcriptObjects: TranscriptSuite = {
  name: 'objects in transcripts',
  runTranscript(transcript, report) {
    const sessions = new Map<unknown, Session>();
    asList(asObject(transcript, 'transcript').frames, 'frames').forEach((entry, index) => {
      const frame = asObject(entry, 'frame');
      const body = asOctets(frame.hex, 'hex').subarray(LENGTH_PREFIX);
      if (Object.hasOwn(asObject(frame.decoded, 'decoded'), 'handshake')) {
        const { capabilities, timestamp } = decodeHello(body);
        const dialect = capabilities.keys === 5 ? DIALECT_1 : DIALECT_2;
        sessions.set(frame.conn, { dialect, startedAt: timestamp });
        return;
      }
      const session = sessions.get(frame.conn);
      if (session === undefined) throw new MalformedVectors(`frame ${index}: no handshake before it`);
      report.attempt(`frame ${index}`, () =>
        checkReply(`frame ${index}`, decodeEnvelope(body, MAX_FRAME), session, report),
      );
    });
  },
};

function checkReply(name: string, reply: Envelope, session: Session, report: Report): void {
  if (isError(reply) || (reply.flags & FLAG_RESPONSE) === 0) return;
  const value = payloadCodec(reply)?.read(new Reader(reply.payload));
  if (reply.type === types.FIND_VALUE) checkValue(name, value as FindValueResult, session, report);
  if (reply.type === types.MANIFEST_DATA) checkManifest(name, value as ManifestData, report);
  if (reply.type === types.RELAY_LIST_RESPONSE) {
    for (const announcement of (value as RelayListResponse).announcements) {
      report.equal(`${name} announcement`, 'true', String(verifyRelayAnnouncement(announcement).ok));
    }
  }
  if (reply.type === types.RELAY_STREAM) {
    const { payload } = value as RelayStream;
    // Without a tunnel a relay echoes what it got, which may be anything.
    if (payload[0] === ENVELOPE_MAP) checkReply(name, decodeEnvelope(payload), session, report);
  }
}

/** First octet of an encoded envelope: a map of four. */
const ENVELOPE_MAP = 0xa4;

function checkValue(name: string, { value: found }: FindValueResult, session: Session, report: Report): void {
  if (found === null) return;
  const check = checkDhtValue(found.key, found.value, session.dialect, session.startedAt);
  report.equal(`${name} value`, 'ok', check.ok ? 'ok' : check.reason);
}

function checkManifest(name: string, { manifestId: id, bytes }: ManifestData, report: Report): void {
  const manifest = decodeManifest(bytes);
  report.equal(`${name} manifest id`, toHex(id), toHex(manifestId(manifest)));
  // When it was fetched is not written down; that it was valid when it was made, is.
  const { ok } = verifyManifest(manifest, manifest.createdAt);
  report.equal(`${name} manifest`, 'true', String(ok));
}
