import { encodeWith } from '../../src/protocol/cbor/codec.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import { manifestKey } from '../../src/protocol/objects/dht-keys.ts';
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestId,
  manifestIdPreimage,
  manifestSigningInput,
  signManifest,
  verifyManifest,
} from '../../src/protocol/objects/manifest.ts';
import {
  shareHead,
  shareHeadSigningInput,
  signShareHead,
  verifyShareHead,
} from '../../src/protocol/objects/share-head.ts';
import { asBigInt, asList, asObject, asOctets, asText, type JsonObject, toHex } from '../json.ts';
import { expectedOutcome, outcome } from '../outcome.ts';
import { compare } from '../same-value.ts';
import type { Report, Suite } from '../suite.ts';

/** Manifests and share heads: encodings, signatures, ids, validity in time. */
export const manifests: Suite = {
  name: 'manifests',
  sections: ['generated.manifests', 'from_source.manifest_signature'],
  run(section, value, report) {
    if (section === 'generated.manifests') {
      asList(value, section).forEach((entry, i) => {
        report.attempt(`manifest ${i}`, () => checkGenerated(asObject(entry, section), report));
      });
      return;
    }
    const { inputs, expected, derived } = asObject(value, section);
    const given = asObject(inputs, 'inputs');
    const entry = { ...asObject(expected, 'expected'), ...asObject(derived, 'derived'), ...given };
    const manifest = checkManifest(entry, report);
    const preimage = asText(entry.manifest_id_preimage_hex, 'manifest_id_preimage_hex');
    report.equal('id preimage', preimage, toHex(manifestIdPreimage(manifest)));
    const verdict = verifyManifest(manifest, asBigInt(given.verify_at, 'verify_at'));
    report.equal('verify', 'ok', outcome(verdict));
  },
};

function checkGenerated(entry: JsonObject, report: Report): void {
  const manifest = checkManifest(entry, report);
  const { difference } = compare(entry.manifest, manifest);
  report.equal('as written down', 'as written down', difference ?? 'as written down');
  const unsignedId = asText(entry.manifest_id_unsigned_hex, 'manifest_id_unsigned_hex');
  report.equal('id without signature', unsignedId, toHex(manifestId({ ...manifest, signature: null })));
  const key = asText(entry.manifest_loc_key_hex, 'manifest_loc_key_hex');
  report.equal('dht key', key, toHex(manifestKey(manifestId(manifest))));
  for (const check of asList(entry.verify_at, 'verify_at').map((each) => asObject(each, 'verify_at'))) {
    const verdict = verifyManifest(manifest, asBigInt(check.now, 'now'));
    report.equal(`verify at ${check.now}`, expectedOutcome(check.result, 'result'), outcome(verdict));
  }
  checkHead(entry, manifest, asObject(entry.share_head, 'share_head'), report);
}

function checkManifest(entry: JsonObject, report: Report): Manifest {
  const octets = asText(entry.full_manifest_cbor_hex, 'full_manifest_cbor_hex');
  const manifest = decodeManifest(asOctets(octets, 'full_manifest_cbor_hex'));
  const key = keyPairFromSeed(asOctets(entry.ed25519_seed_hex, 'ed25519_seed_hex'));
  const signature = asText(entry.signature_hex, 'signature_hex');
  report.equal('encoded again', octets, toHex(encodeManifest(manifest)));
  report.equal(
    'signing input',
    asText(entry.unsigned_bytes_hex, 'unsigned_bytes_hex'),
    toHex(manifestSigningInput(manifest)),
  );
  report.equal('carried signature', signature, toHex(manifest.signature ?? new Uint8Array(0)));
  const again = signManifest(key, manifest);
  report.equal('signed again', octets, toHex(encodeManifest(again)));
  report.equal('id', asText(entry.manifest_id_hex, 'manifest_id_hex'), toHex(manifestId(manifest)));
  const altered = { ...manifest, seq: manifest.seq ^ 1n };
  report.equal('altered', 'error', outcome(verifyManifest(altered, manifest.createdAt)));
  return manifest;
}

function checkHead(entry: JsonObject, manifest: Manifest, expected: JsonObject, report: Report): void {
  const key = keyPairFromSeed(asOctets(entry.ed25519_seed_hex, 'ed25519_seed_hex'));
  const octets = asText(expected.head_cbor_hex, 'head_cbor_hex');
  const head = shareHead.read(new Reader(asOctets(octets, 'head_cbor_hex')));
  const made = signShareHead(key, {
    latestSeq: asBigInt(expected.latest_seq, 'latest_seq'),
    latestManifestId: manifestId(manifest),
    updatedAt: asBigInt(expected.updated_at, 'updated_at'),
  });
  report.equal('head made', octets, toHex(encodeWith(shareHead, made)));
  report.equal('head encoded again', octets, toHex(encodeWith(shareHead, head)));
  const input = asText(expected.signable_hex, 'signable_hex');
  report.equal('head signing input', input, toHex(shareHeadSigningInput(head)));
  report.equal('head signature', asText(expected.signature_hex, 'signature_hex'), toHex(head.sig));
  report.equal('head verify', 'ok', outcome(verifyShareHead(head, key.publicKey)));
  const altered = { ...head, latestSeq: head.latestSeq ^ 1n };
  report.equal('altered head', 'error', outcome(verifyShareHead(altered, key.publicKey)));
}

/** A head by itself, as the reference's own tests have it. */
export const shareHeads: Suite = {
  name: 'share heads',
  sections: ['from_source.share_head_signature'],
  run(section, value, report) {
    const { inputs, expected } = asObject(value, section);
    const given = asObject(inputs, 'inputs');
    const wanted = asObject(expected, 'expected');
    const key = keyPairFromSeed(asOctets(given.ed25519_seed_hex, 'ed25519_seed_hex'));
    const head = signShareHead(key, {
      latestSeq: asBigInt(given.latest_seq, 'latest_seq'),
      latestManifestId: asOctets(given.latest_manifest_id_hex, 'latest_manifest_id_hex'),
      updatedAt: asBigInt(given.updated_at, 'updated_at'),
    });
    const input = asText(wanted.signable_hex, 'signable_hex');
    report.equal('signing input', input, toHex(shareHeadSigningInput(head)));
    report.equal('signature', asText(wanted.signature_hex, 'signature_hex'), toHex(head.sig));
    report.equal('verify', 'ok', outcome(verifyShareHead(head, key.publicKey)));
  },
};
