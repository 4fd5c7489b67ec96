import {
  arrayOf,
  type Codec,
  defaulted,
  encodeWith,
  field,
  id32,
  nullable,
  omittable,
  size,
  text,
  textStruct,
  u8,
  u32,
  u64,
  variantOf,
} from '../cbor/codec.ts';
import { Reader } from '../cbor/reader.ts';
import { Writer } from '../cbor/writer.ts';
import { blake3 } from '../crypto/blake3.ts';
import { bytesEqual } from '../crypto/bytes.ts';
import { type SigningKey, sign, verify } from '../crypto/ed25519.ts';
import { type ManifestId, shareIdOf } from './ids.ts';
import { signatureBytes64 } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** One file of a share (SCP2P wire, section 9.1). */
export interface ManifestItem {
  readonly contentId: Uint8Array;
  /** Octets, below 2^53. */
  readonly size: number;
  readonly name: string;
  /** Relative, with `/`; null for a file at the top. Hostile text. */
  readonly path: string | null;
  readonly mime: string | null;
  readonly tags: readonly string[];
  readonly chunkCount: number;
  readonly chunkListHash: Uint8Array;
}

export type Visibility = 'private' | 'public';

/** What a share holds at one sequence number, signed by the share's key. */
export interface Manifest {
  readonly version: number;
  readonly sharePubkey: Uint8Array;
  readonly shareId: Uint8Array;
  readonly seq: bigint;
  /** Seconds since 1970. */
  readonly createdAt: bigint;
  /** The last second in which it counts; null: for ever. */
  readonly expiresAt: bigint | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly visibility: Visibility;
  readonly communities: readonly Uint8Array[];
  readonly items: readonly ManifestItem[];
  readonly recommendedShares: readonly Uint8Array[];
  readonly signature: Uint8Array | null;
}

/** What the network takes from a manifest fetched directly. */
export const MAX_ITEMS = 3000;
/** More on one item is no manifest of this network: a tag can be one octet on the wire and costs us twenty times as much. */
export const MAX_TAGS = 32;

const item = textStruct<ManifestItem>({
  contentId: field('content_id', id32),
  size: field('size', size),
  name: field('name', text),
  path: omittable('path', text),
  mime: nullable('mime', text),
  tags: field('tags', arrayOf(text, MAX_TAGS)),
  chunkCount: defaulted('chunk_count', u32, 0),
  chunkListHash: defaulted('chunk_list_hash', id32, new Uint8Array(32)),
});

const ids = arrayOf(id32);
const visibility: Codec<Visibility> = variantOf('private', 'public');

/** The form in which manifests travel and stand in the DHT. */
export const manifest = textStruct<Manifest>({
  version: field('version', u8),
  sharePubkey: field('share_pubkey', id32),
  shareId: field('share_id', id32),
  seq: field('seq', u64),
  createdAt: field('created_at', u64),
  expiresAt: nullable('expires_at', u64),
  title: nullable('title', text),
  description: nullable('description', text),
  visibility: defaulted('visibility', visibility, 'private'),
  communities: defaulted('communities', ids, []),
  items: field('items', arrayOf(item, MAX_ITEMS)),
  recommendedShares: field('recommended_shares', ids),
  signature: nullable('signature', signatureBytes64),
});

/** Throws DecodeError, also for more than 3,000 items, or 32 tags on one. */
export function decodeManifest(octets: Uint8Array): Manifest {
  return manifest.read(new Reader(octets));
}

export function encodeManifest(value: Manifest): Uint8Array {
  return encodeWith(manifest, value);
}

/** What the signature covers: an array of twelve, each item an array of eight. */
export function manifestSigningInput(value: Omit<Manifest, 'signature'>): Uint8Array {
  const w = new Writer(4096);
  writeFields(w.array(12), value, writeItemAsArray);
  return w.finish();
}

/**
 * The id: BLAKE3 over an array of thirteen, in which, unlike in the signing input, items are maps, and the signature
 * is an array of integers (SCP2P wire, section 9.2). It does not depend on how the manifest was transmitted.
 */
export function manifestId(value: Manifest): ManifestId {
  return blake3(manifestIdPreimage(value));
}

export function manifestIdPreimage(value: Manifest): Uint8Array {
  const w = new Writer(4096);
  writeFields(w.array(13), value, item.write);
  if (value.signature === null) w.null();
  else w.byteArray(value.signature);
  return w.finish();
}

export function signManifest(
  key: SigningKey,
  value: Omit<Manifest, 'signature' | 'sharePubkey' | 'shareId'>,
): Manifest {
  const unsigned = { ...value, sharePubkey: key.publicKey, shareId: shareIdOf(key.publicKey) };
  return { ...unsigned, signature: sign(key.privateKey, manifestSigningInput(unsigned)) };
}

export type ManifestFault =
  | 'expired'
  | 'expiry-before-creation'
  | 'unsigned'
  | 'wrong-share-id'
  | 'signature';

/**
 * Whether the network takes the manifest at this time (SCP2P wire, section 9.3). What it says about its items is judged
 * by `checkManifestContents`, and whether it is the one that was asked for by its id.
 */
export function verifyManifest(value: Manifest, now: bigint): Verdict<ManifestFault> {
  if (value.expiresAt !== null && now > value.expiresAt) return invalid('expired');
  if (value.expiresAt !== null && value.expiresAt <= value.createdAt)
    return invalid('expiry-before-creation');
  if (value.signature === null) return invalid('unsigned');
  if (!bytesEqual(shareIdOf(value.sharePubkey), value.shareId)) return invalid('wrong-share-id');
  const valid = verify(value.sharePubkey, manifestSigningInput(value), value.signature);
  return valid ? VALID : invalid('signature');
}

/** The twelve fields without the signature, in the order of the map. */
function writeFields(
  w: Writer,
  value: Omit<Manifest, 'signature'>,
  writeItem: (w: Writer, value: ManifestItem) => void,
): void {
  w.uint(value.version).byteArray(value.sharePubkey).byteArray(value.shareId);
  w.uint(value.seq).uint(value.createdAt);
  if (value.expiresAt === null) w.null();
  else w.uint(value.expiresAt);
  writeText(w, value.title);
  writeText(w, value.description);
  visibility.write(w, value.visibility);
  ids.write(w, value.communities);
  w.array(value.items.length);
  for (const each of value.items) writeItem(w, each);
  ids.write(w, value.recommendedShares);
}

function writeItemAsArray(w: Writer, value: ManifestItem): void {
  w.array(8).byteArray(value.contentId).uint(value.size).text(value.name);
  writeText(w, value.path);
  writeText(w, value.mime);
  w.array(value.tags.length);
  for (const tag of value.tags) w.text(tag);
  w.uint(value.chunkCount).byteArray(value.chunkListHash);
}

function writeText(w: Writer, value: string | null): void {
  if (value === null) w.null();
  else w.text(value);
}
