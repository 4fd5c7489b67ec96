import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { NodeClient } from '../../src/cli/client.ts';
import { freePort } from '../threads/test-node.ts';
import { granary, Node } from './granary-process.ts';
import { throwInActor } from './worker-inspector.ts';

let node: Node | null = null;
let work: string;
afterEach(async () => {
  await node?.remove();
  await rm(work, { recursive: true, force: true });
});

// The store dies once, and cannot start again for what lies in the data folder: its supervisor gives up, and then the root does.
test('a part that dies again and again ends the node with 70, in one line, and leaves a folder that starts', async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-gave-up-'));
  const inspector = await freePort();
  node = await Node.start({ execArgv: [`--inspect=127.0.0.1:${inspector}`] });
  const { home, child, events } = node;
  await mkdir(join(work, 'small'));
  await writeFile(join(work, 'small', 'file'), 'bytes');
  await node.must('publish', join(work, 'small'), '--share', 'small');

  // A client whose work is under way: 70 GiB of holes take longer to hash than all of this.
  await mkdir(join(work, 'large'));
  for (let n = 0; n < 10; n++) {
    await writeFile(join(work, 'large', `file ${n}`), '');
    await truncate(join(work, 'large', `file ${n}`), 7 * 2 ** 30);
  }
  const client = await NodeClient.connect(home);
  const underWay = Promise.withResolvers<void>();
  const publishing = client
    .call('publish', { paths: [join(work, 'large')], share: 'large' }, { onEvent: () => underWay.resolve() })
    .then(
      () => null,
      (error) => error,
    );
  await Promise.race([underWay.promise, publishing.then((error) => expect(error).toBeUndefined())]);

  const version = join(home, 'VERSION');
  const known = await readFile(version, 'utf8');
  await writeFile(version, '999\n');
  const exited = once(child, 'exit');
  await throwInActor(inspector, 'store');
  expect((await exited)[0]).toBe(70);

  expect(await publishing).toMatchObject({ code: 'E_ACTOR_DOWN', next: expect.any(String) });
  const last = events.filter(({ ok }) => ok !== undefined);
  expect(last).toEqual([
    {
      ok: false,
      error: {
        code: 'E_GAVE_UP',
        message: expect.stringMatching(
          /^a part of the node died too often, and the node stopped: .*newer granary/,
        ),
        subject: 'store',
        next: expect.stringContaining('version'),
      },
    },
  ]);
  expect(readdirSync(join(home, 'run'))).not.toContain('control.json');
  const after = await granary(home, ['shares']);
  expect([after.code, after.error.code]).toEqual([7, 'E_NO_DAEMON']);

  await writeFile(version, known);
  node = await Node.start({ home });
  const { shares } = await node.must<{ shares: { name: string }[] }>('shares');
  expect(shares.map(({ name }) => name)).toContain('small');
}, 120_000);
