import { expect, test } from 'vitest';
import { catalogItem } from '../../../src/actors/publish/catalog-item.ts';
import { FileWalk, type FoundFile } from '../../../src/actors/publish/file-walk.ts';
import { tooLarge } from '../../../src/actors/publish/share-limits.ts';
import { SkippedFiles } from '../../../src/actors/publish/skipped-files.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { encodeManifest, signManifest } from '../../../src/protocol/objects/manifest.ts';
import { MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';
import { key } from './world.ts';

function filesOf(count: number): FoundFile[] {
  return Array.from({ length: count }, (_, i) => ({
    path: `/${i}`,
    inside: `albums/${'x'.repeat(100)}/track ${i}.flac`,
    size: 3_000_000 + i,
    mtimeNs: 0n,
    ctimeNs: 0n,
    inode: 0n,
  }));
}

/** Octets of a real manifest of these files. */
function realLength(files: readonly FoundFile[]): number {
  const hash = (text: string) => blake3(Buffer.from(text));
  const signed = signManifest(key(1), {
    version: 1,
    seq: 3n,
    createdAt: 1_800_000_000n,
    expiresAt: null,
    title: null,
    description: null,
    visibility: 'private',
    communities: [],
    items: files.map(({ inside, size, path }) => ({
      ...catalogItem(inside, size, '', '', []),
      contentId: hash(`id ${path}`),
      chunkListHash: hash(`list ${path}`),
    })),
    recommendedShares: [],
  });
  return encodeManifest(signed).length;
}

function walkOf(files: readonly FoundFile[]): FileWalk {
  const walk = new FileWalk(new SkippedFiles());
  walk.files.push(...files);
  walk.count = files.length;
  return walk;
}

test('the length of a list that nobody can make yet is known well enough', async () => {
  const each = (realLength(filesOf(1_000)) - realLength(filesOf(500))) / 500;
  for (const [target, refused] of [
    [MAX_PAYLOAD - 500, false],
    [MAX_PAYLOAD + 12_000, true],
  ] as const) {
    let files = filesOf(Math.floor(target / each));
    files = filesOf(files.length + Math.floor((target - realLength(files)) / each));
    const length = realLength(files);
    expect(Math.abs(length - target)).toBeLessThan(each * 2);
    const answer = await tooLarge(walkOf(files), null, []);
    expect(answer?.code ?? null, `${length} octets`).toBe(refused ? 'E_SHARE_TOO_LARGE' : null);
  }
});
