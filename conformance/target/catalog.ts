import { toHex } from '../../src/protocol/crypto/bytes.ts';
import { chunkLength } from '../../src/protocol/objects/chunks.ts';
import { decodeManifest, type Manifest, type ManifestItem } from '../../src/protocol/objects/manifest.ts';
import { GET_CHUNK, GET_MANIFEST, LIST_PUBLIC_SHARES } from '../../src/protocol/wire/message-types.ts';
import type { PublicShareSummary } from '../../src/protocol/wire/public-share.ts';
import type { Session } from './session.ts';
import type { Target } from './target.ts';
import { must, NotJudged } from './verdict.ts';

/** What a target has for everybody: a public share, and a file in it that it really gives away. */
export interface PublicContent {
  readonly share: PublicShareSummary;
  readonly manifest: Manifest;
  readonly item: ManifestItem;
}

/** Shares that are looked at before the target counts as one that has nothing. */
const SHARES = 8;

/** Skips the check where the target lists no public share with a file. */
export async function publicContent(target: Target): Promise<PublicContent> {
  const session = await target.session();
  const { shares } = await session.ask(LIST_PUBLIC_SHARES, { maxEntries: SHARES });
  for (const share of shares) {
    const { bytes } = await session.ask(GET_MANIFEST, { manifestId: share.latestManifestId });
    const manifest = decodeManifest(bytes);
    const item = manifest.items.find(({ size }) => size > 0);
    if (item) return { share, manifest, item };
  }
  throw new NotJudged('the target lists no public share with a file');
}

/** One chunk of a file, of the length that it must have. */
export async function chunkOf(session: Session, item: ManifestItem, index: number): Promise<Uint8Array> {
  const data = await session.ask(GET_CHUNK, { contentId: item.contentId, chunkIndex: index });
  must(
    toHex(data.contentId) === toHex(item.contentId),
    'the content that was asked for',
    toHex(data.contentId),
  );
  must(data.chunkIndex === index, `chunk ${index}`, `chunk ${data.chunkIndex}`);
  const length = chunkLength(item.size, index);
  must(data.bytes.length === length, `${length} octets`, `${data.bytes.length} octets`);
  return data.bytes;
}
