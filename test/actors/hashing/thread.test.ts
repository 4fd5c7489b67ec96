import { expect, test } from 'vitest';
import { hashingContract } from '../../../src/actors/hashing/contract.ts';
import { SPAN } from '../../../src/actors/hashing/pool-task.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';
import { Supervisor } from '../../../src/supervisor/tree/supervisor.ts';
import { mainThread } from '../main-thread.ts';
import { collect, expected, pattern, World } from './world.ts';

test('on a worker of its own, under the supervisor, and stopped in the middle of its work', async () => {
  const world = await World.start(1);
  const supervisor = new Supervisor(
    {
      contracts: new URL('../../../src/actors/contracts.ts', import.meta.url),
      intensity: 5,
      periodMs: 30_000,
      children: [
        {
          contract: hashingContract,
          module: new URL('../../../src/actors/hashing/actor.ts', import.meta.url),
          config: { threads: 2 },
        },
      ],
    },
    {
      log: createLog('silent', {}),
      logLevel: 'silent',
      events: { actorRestarted() {}, gaveUp() {} },
      service: mainThread(),
    },
  );
  try {
    await supervisor.start();
    const hashing = supervisor.ref(hashingContract);
    const small = pattern(1000);
    const large = pattern(12 * SPAN + 1);
    const paths = [await world.write('small', small), await world.write('large', large)];
    const { files } = await collect(hashing.stream('hashFiles', { paths }));
    expect(files.get(0)).toMatchObject({ ...expected(small), mtimeNs: expect.any(BigInt) });
    expect(files.get(1)).toMatchObject(expected(large));
    await expect(hashing.ask('identify', { path: '/missing' })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    const cut = hashing.ask('identify', { path: paths[1]! });
    const failed = expect(cut).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
    expect(await supervisor.stop()).toMatchObject({ clean: true, cut: [] });
    await failed;
  } finally {
    await supervisor.stop();
    await world.stop();
  }
});
