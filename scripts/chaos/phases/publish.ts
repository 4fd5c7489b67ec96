import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { noStrays } from '../checks/data-folder.ts';
import { filesBelow } from '../checks/files.ts';
import type { Ground, ShareName } from '../ground.ts';
import { makeFile, smallSize } from '../material.ts';
import type { Phase } from '../strike.ts';
import { outcome } from '../subject.ts';
import { must } from '../violation.ts';

/** Milliseconds after a phase of the publish began. */
const SPAN = { walk: 20, hash: 80, commit: 50 } as const;

/**
 * A share whose files have changed is published: the large file anew, or all the small ones. A revision is there whole
 * or not at all; published again it is the next number, once, and lists what the files are.
 */
export const publish: Phase = {
  name: 'publish',
  async run(scene) {
    const { ground, random, record } = scene;
    const share = random.pick<ShareName>(['shelf', 'many']);
    const at = random.pick(['walk', 'hash', 'commit'] as const);
    const after = random.between(0, SPAN[at]);
    const before = ground.known.seeder.shares.get(ground.ids[share])!.seq;
    await change(ground, share, record.kill);

    scene.begins(ground.seeder, `${share}, ${at}`);
    const reached = Promise.withResolvers<void>();
    const paths = [ground.folder(share)];
    const running = outcome(
      ground.seeder.call('publish', { paths, share }, ({ phase }) => {
        if (phase === at) reached.resolve();
      }),
    );
    await Promise.race([reached.promise, running]);
    await scene.strike(ground.seeder, after, running);
    await running;
    await scene.revive(ground.seeder);

    const { shares } = await ground.seeder.call('shares', {});
    const between = shares.find(({ share_id }) => share_id === ground.ids[share])?.seq;
    must(between === before || between === before + 1, `half a revision: ${before} became ${between}`);
    const again = await ground.seeder.call('publish', { paths, share }, () => {});
    must(again.seq === before + 1, `published once, the number went from ${before} to ${again.seq}`);
    ground.known.seeder.note(again.share_id, again.seq, ground.links[share]);
    must(again.link === ground.links[share], `another link: ${again.link}`);
    record.again = again.hashed_bytes;
    await listsWhatIsThere(ground, share);
    await noStrays(ground.seeder.home);
  },
};

async function change(ground: Ground, share: ShareName, round: number): Promise<void> {
  const folder = ground.folder(share);
  if (share === 'shelf') return await makeFile(folder, 'large.bin', `large ${round}`, ground.options.large);
  for (const [i, path] of (await filesBelow(folder)).entries()) {
    await makeFile(folder, path, `small ${round} ${i}`, smallSize(i));
  }
}

/** The catalog and the folder name the same files with the same contents. */
async function listsWhatIsThere(ground: Ground, share: ShareName): Promise<void> {
  const folder = ground.folder(share);
  const listed = new Map<string, string>();
  for (let cursor: number | null = 0; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof items>> = await items(ground, share, cursor);
    for (const { path, content_id, state } of page.items) {
      must(state === 'ok', `${path} was just published and is ${state}`);
      listed.set(path, content_id);
    }
    cursor = page.next;
  }
  const there = await filesBelow(folder);
  must(listed.size === there.length, `${listed.size} files are listed, ${there.length} lie there`);
  for (const path of there) {
    const id = toHex(blake3(await readFile(join(folder, path))));
    must(listed.get(path) === id, `wrong bytes: ${path} is listed with the content ${listed.get(path)}`);
  }
}

const items = (ground: Ground, share: ShareName, cursor: number) =>
  ground.seeder.call('items', { share: ground.ids[share], cursor });
