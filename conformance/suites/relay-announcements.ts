import { Reader } from '../../src/protocol/cbor/reader.ts';
import { Writer } from '../../src/protocol/cbor/writer.ts';
import { keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import { DIALECT_1, DIALECT_2 } from '../../src/protocol/dialect.ts';
import { hourBucket } from '../../src/protocol/objects/dht-keys.ts';
import {
  isFresh,
  type RelayAnnouncement,
  readRelayAnnouncement,
  relayAnnouncementSigningInput,
  signRelayAnnouncement,
  verifyRelayAnnouncement,
  writeRelayAnnouncement,
} from '../../src/protocol/objects/relay-announcement.ts';
import { rendezvousKeys, rendezvousSlots } from '../../src/protocol/objects/rendezvous.ts';
import { asBigInt, asList, asNumber, asObject, asOctets, asText, type JsonObject, toHex } from '../json.ts';
import { expectedOutcome, outcome } from '../outcome.ts';
import { compare } from '../same-value.ts';
import type { Report, Suite } from '../suite.ts';

export const relayAnnouncements: Suite = {
  name: 'relay announcements',
  sections: ['generated.relay_announcements', 'generated.relay_announcement'],
  run(section, value, report) {
    if (section === 'generated.relay_announcement') {
      const entry = asObject(value, section);
      checkSigned({ ...entry, ...asObject(entry.inputs, 'inputs') }, report);
      return;
    }
    asList(value, section).forEach((entry, i) => {
      report.attempt(`announcement ${i}`, () => checkFully(asObject(entry, section), report));
    });
  },
};

function checkSigned(entry: JsonObject, report: Report): RelayAnnouncement {
  const octets = asText(entry.announcement_cbor_hex, 'announcement_cbor_hex');
  const announcement = readRelayAnnouncement(new Reader(asOctets(octets, 'announcement_cbor_hex')));
  const dialect = announcement.capabilities.keys === 5 ? DIALECT_1 : DIALECT_2;
  const key = keyPairFromSeed(asOctets(entry.ed25519_seed_hex, 'ed25519_seed_hex'));
  const w = new Writer();
  writeRelayAnnouncement(w, announcement, dialect);
  report.equal('encoded again', octets, toHex(w.finish()));
  const input = asText(entry.signable_hex, 'signable_hex');
  report.equal('signing input', input, toHex(relayAnnouncementSigningInput(announcement, dialect)));
  const again = signRelayAnnouncement(key, dialect, announcement);
  const signature = asText(entry.signature_hex, 'signature_hex');
  report.equal('signed again', signature, toHex(again.signature));
  report.equal('carried signature', signature, toHex(announcement.signature));
  report.equal('verify', 'ok', outcome(verifyRelayAnnouncement(announcement)));
  const other = dialect === DIALECT_1 ? 8 : 5;
  report.equal('in the other dialect', 'error', outcome(verifyRelayAnnouncement(announcement, other)));
  return announcement;
}

function checkFully(entry: JsonObject, report: Report): void {
  const announcement = checkSigned(entry, report);
  const { difference } = compare(entry.announcement, announcement);
  report.equal('as written down', 'as written down', difference ?? 'as written down');
  const expected = expectedOutcome(entry.verify, 'verify');
  report.equal('verify', expected, outcome(verifyRelayAnnouncement(announcement)));
  const { expiresAt, issuedAt, relayPubkey } = announcement;
  report.equal('at expiry', String(entry.fresh_at_expiry), String(isFresh(announcement, expiresAt)));
  const before = String(isFresh(announcement, expiresAt - 1n));
  report.equal('before expiry', String(entry.fresh_at_expiry_minus_1), before);
  const bucket = hourBucket(issuedAt);
  report.equal('bucket', String(asBigInt(entry.bucket, 'bucket')), String(bucket));
  for (const place of asList(entry.rendezvous, 'rendezvous').map((each) => asObject(each, 'rendezvous'))) {
    const which = asNumber(place.which, 'which') === 0 ? 0 : 1;
    const slot = String(rendezvousSlots(relayPubkey, bucket)[which]);
    report.equal(`slot ${which}`, String(asBigInt(place.slot, 'slot')), slot);
    const key = toHex(rendezvousKeys(relayPubkey, bucket)[which]);
    report.equal(`key ${which}`, asText(place.key_hex, 'key_hex'), key);
  }
}
