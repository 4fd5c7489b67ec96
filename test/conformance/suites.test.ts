import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../conformance/data-folder.ts';
import { runConformance } from '../../conformance/runner.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-suites-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The part of a vector file named by a path of keys. */
async function part(file: string, path: readonly (string | number)[]): Promise<unknown> {
  let value: unknown = JSON.parse(await readFile(join(dataFolder('vectors'), file), 'utf8'));
  for (const key of path) value = (value as Record<string | number, unknown>)[key];
  return value;
}

/** Runs one section alone, with one value in it replaced. */
async function runChanged(
  file: string,
  section: string,
  path: readonly (string | number)[],
  change: (old: unknown) => unknown,
) {
  const [group = '', name = ''] = section.split('.');
  const value = await part(file, [group, name]);
  let holder = value as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  expect(holder[last]).toBeDefined();
  holder[last] = change(holder[last]);
  const target = join(folder, `${section}-${path.join('-')}.json`.replaceAll('/', '_'));
  await writeFile(target, JSON.stringify({ [group]: { [name]: value } }));
  return runConformance({ vectors: [target] });
}

/** Another digit at the end of a hex text. */
const otherHex = (old: unknown) => {
  const text = String(old);
  return text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
};

test('every section that has facts has a suite', async () => {
  const { suites } = await runConformance();
  const unknown = suites.filter((suite) => suite.name.includes('.') && suite.skipped > 0);
  // That one is prose; tests of manifests and messages say the same.
  expect(unknown.map((suite) => suite.name)).toEqual(['from_source.structural_assertions']);
});

const V2 = 'vectors-v2.json';
const V1 = 'vectors.json';
const SEEDED = 'vectors-seeded.json';

describe('a wrong fact is noticed', () => {
  test.each([
    [V1, 'from_source.id_derivation', ['expected', 'node_id_hex']],
    [V1, 'from_source.share_head_dht_key', ['expected', 'key_hex']],
    [V1, 'from_source.manifest_signature', ['derived', 'manifest_id_hex']],
    [V1, 'from_source.share_head_signature', ['expected', 'signature_hex']],
    [V1, 'from_source.chunk_hashing', ['expected', 'chunk1_hash_hex']],
    [V1, 'generated.handshake_transcript', ['session_secret_hex']],
    [V1, 'generated.handshake_transcript', ['server_hello', 'signature_hex']],
    [V1, 'generated.relay_announcement', ['signature_hex']],
    [V1, 'generated.membership_token', ['token_cbor_hex']],
    [V1, 'generated.rendezvous', ['key', 'bucket 0 slot 0']],
    [V1, 'generated.dht_keys_for_id_07x32', ['manifest_loc_key']],
    [V1, 'generated.at_rest', ['node_key_mode', 'ciphertext_hex']],
    [V1, 'generated.share_link', ['share_id_hex']],
    [SEEDED, 'generated.id_derivation', [2, 'share_head_key_hex']],
    [SEEDED, 'generated.manifests', [1, 'unsigned_bytes_hex']],
    [SEEDED, 'generated.manifests', [3, 'share_head', 'signature_hex']],
    [SEEDED, 'generated.handshakes', [0, 'responder_nonce_hex']],
    [SEEDED, 'generated.membership_tokens', [0, 'signature_hex']],
    [SEEDED, 'generated.relay_announcements', [1, 'rendezvous', 1, 'key_hex']],
    [SEEDED, 'generated.chunk_hashing', [3, 'chunk_list_hash_hex']],
    [SEEDED, 'generated.xor_order', ['nearest_first_hex', 4]],
    [V2, 'generated.handshake_known_ephemeral', [0, 'session_secret_hex']],
    [V2, 'generated.handshake_known_ephemeral', [1, 'dh_shared_hex']],
    [V2, 'generated.dht_keys', [1, 'community_members_page_key_hex']],
    [V2, 'generated.key_rotations', [0, 'new_key_signature_hex']],
    [V2, 'generated.key_rotations', [0, 'record_cbor_hex']],
    [V2, 'generated.key_revocations', [1, 'dht_key_hex']],
    [V2, 'generated.community_member_records', ['records', 1, 'same_without_token_cbor_hex']],
    [V2, 'generated.community_share_records', [0, 'signable_hex']],
    [V2, 'generated.community_bootstrap_hints', [2, 'tagged_hex']],
    [V2, 'generated.community_index', ['queries', 3, 'reply_hex']],
    [V2, 'generated.community_index', ['materialized_at_bucket_472222', 1, 'dht_key_hex']],
    [V2, 'generated.capabilities', ['five_key_map_reencoded_hex']],
    [V2, 'from_source.tag_octets', ['member record']],
  ] as const)('%s %s %j', async (file, section, path) => {
    const { failures } = await runChanged(file, section, path, otherHex);
    expect(failures.length).toBeGreaterThan(0);
  });

  test.each([
    [SEEDED, 'generated.manifests', [0, 'verify_at', 0, 'result'], 'error: something'],
    [SEEDED, 'generated.membership_tokens', [0, 'verify', 'after_expiry'], 'ok'],
    [SEEDED, 'generated.relay_announcements', [0, 'fresh_at_expiry'], true],
    [V2, 'generated.key_rotations', [0, 'altered', 0, 'verify'], 'ok'],
    [V2, 'generated.key_revocations', [0, 'verify_at', 1, 'result'], 'ok'],
    [V2, 'generated.identity_chains', ['cases', 1, 'resolve', 0, 'result', 'active'], 0],
    [V2, 'generated.identity_chains', ['max_depth'], 17],
    [V2, 'generated.community_share_records', [0, 'altered', 0, 'verify'], 'error: something'],
    [V2, 'generated.community_index', ['joined_member_count'], 99],
    [V2, 'generated.dht_values', ['cases', 0, 'result'], 'error: something'],
    [V2, 'generated.materialized_bucket', [1, 'bucket'], 1],
    [V2, 'generated.at_rest', ['passphrase_mode', 'iterations'], 1000],
  ] as const)('%s %s %j = %j', async (file, section, path, value) => {
    const { failures } = await runChanged(file, section, path, () => value);
    expect(failures.length).toBeGreaterThan(0);
  });
});
