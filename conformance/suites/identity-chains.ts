import { keyPairFromSeed, type SigningKey } from '../../src/protocol/crypto/ed25519.ts';
import {
  createIdentityRegistry,
  type IdentityRegistry,
  MAX_CHAIN_KEYS,
  type Resolution,
} from '../../src/protocol/objects/identity-registry.ts';
import { type RevocationReason, signKeyRevocation } from '../../src/protocol/objects/key-revocation.ts';
import { signKeyRotation } from '../../src/protocol/objects/key-rotation.ts';
import { asBigInt, asList, asNumber, asObject, asOctets, asText, type JsonObject, toHex } from '../json.ts';
import type { Report, Suite } from '../suite.ts';

/** What becomes of keys as records arrive in a given order. */
export const identityChains: Suite = {
  name: 'identity chains',
  sections: ['generated.identity_chains'],
  run(section, value, report) {
    const entry = asObject(value, section);
    const keys = asList(entry.key_seeds_hex, 'key_seeds_hex').map((seed) =>
      keyPairFromSeed(asOctets(seed, 'seed')),
    );
    report.equal('longest chain', String(asNumber(entry.max_depth, 'max_depth')), String(MAX_CHAIN_KEYS));
    for (const each of asList(entry.cases, 'cases')) {
      const chain = asObject(each, 'case');
      const name = asText(chain.case, 'case');
      report.attempt(name, () => checkChain(name, chain, keys, report));
    }
  },
};

function checkChain(name: string, chain: JsonObject, keys: readonly SigningKey[], report: Report): void {
  const registry = createIdentityRegistry();
  for (const each of asList(chain.records, 'records')) {
    const record = asObject(each, 'record');
    report.equal(`${name}: changed`, String(record.changed), String(add(registry, record, keys)));
  }
  for (const each of asList(chain.resolve, 'resolve')) {
    const expected = asObject(each, 'resolve');
    const start = keyAt(keys, expected.start).publicKey;
    const what = `${name}: key ${expected.start}`;
    report.equal(
      what,
      JSON.stringify(expected.result),
      JSON.stringify(describe(registry.resolve(start), keys)),
    );
    report.equal(`${what} trusted`, String(expected.trusted), String(registry.isTrusted(start)));
    const revocation = registry.revocationOf(start);
    report.equal(`${what} revoked`, String(expected.revoked), String(revocation !== undefined));
    report.equal(`${what} reason`, String(expected.reason), String(revocation?.reason ?? null));
  }
}

function add(registry: IdentityRegistry, record: JsonObject, keys: readonly SigningKey[]): boolean {
  if (Object.hasOwn(record, 'revocation')) {
    const revocation = asObject(record.revocation, 'revocation');
    const reason = asText(revocation.reason, 'reason') as RevocationReason;
    const issuedAt = asBigInt(revocation.issued_at, 'issued_at');
    const fields = { subjectKind: 'node', reason, issuedAt } as const;
    return registry.addRevocation(signKeyRevocation(keyAt(keys, revocation.key), fields));
  }
  const rotation = asObject(record.rotation, 'rotation');
  const rotationSeq = asBigInt(rotation.rotation_seq, 'rotation_seq');
  const fields = { subjectKind: 'node', rotationSeq, issuedAt: 0n } as const;
  return registry.addRotation(signKeyRotation(keyAt(keys, rotation.old), keyAt(keys, rotation.new), fields));
}

function describe(resolution: Resolution, keys: readonly SigningKey[]): unknown {
  if (resolution.kind === 'too-deep') return 'too deep';
  const hex = toHex(resolution.key);
  return { [resolution.kind]: keys.findIndex((key) => toHex(key.publicKey) === hex) };
}

function keyAt(keys: readonly SigningKey[], index: unknown): SigningKey {
  const key = keys[asNumber(index, 'index of a key')];
  if (key === undefined) throw new RangeError(`no key ${index}`);
  return key;
}
