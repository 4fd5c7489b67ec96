import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { noStrays } from '../checks/data-folder.ts';
import { filesBelow } from '../checks/files.ts';
import { Download } from '../download.ts';
import type { ShareName } from '../ground.ts';
import type { Phase } from '../strike.ts';
import { outcome } from '../subject.ts';
import { must } from '../violation.ts';

const SPAN_MS = 200;

/**
 * What was downloaded is read again, with one octet of it wrong, and the node dies on the way. The recheck goes on, finds
 * that octet and nothing else, and what it fetches makes the file right.
 */
export const verify: Phase = {
  name: 'verify',
  async run(scene) {
    const { ground, random, record } = scene;
    const { downloader } = ground;
    const share = random.pick<ShareName>(['shelf', 'many']);
    await ground.sync(share, ground.known.seeder.shares.get(ground.ids[share])!.seq);
    const getting = new Download(ground, share, `${record.kill}`);
    await getting.begin();
    await getting.done();
    const path = random.pick(await filesBelow(getting.out));
    await flipOctet(join(getting.out, path), random.next());

    const request = { share: ground.ids[share], repair: true };
    scene.begins(downloader, share);
    const running = outcome(downloader.call('verify', request, () => {}));
    await scene.strike(downloader, random.between(0, SPAN_MS), running);
    await running;
    await scene.revive(downloader);
    // Done before the kill, or joined where it goes on.
    const { bad } = await downloader.call('verify', request, () => {});
    // Downloads of earlier kills were taken away, and are missed.
    for (const wrong of bad.filter((each) => each.path.startsWith(getting.out)))
      must(wrong.path === join(getting.out, path), `found wrong, and was right: ${wrong.path}`);
    await getting.check();
    await getting.remove();
    await noStrays(downloader.home);
  },
};

/** The same length and another content. */
async function flipOctet(path: string, part: number): Promise<void> {
  const { size } = await stat(path);
  if (size === 0) return;
  const at = Math.floor(part * size);
  const file = await open(path, 'r+');
  try {
    const octet = Buffer.alloc(1);
    await file.read(octet, 0, 1, at);
    await file.write(Uint8Array.of(octet[0]! ^ 0x40), 0, 1, at);
  } finally {
    await file.close();
  }
}
