import { beforeAll, describe, expect, test, vi } from 'vitest';
import { ATTACKS, runAttack } from '../../src/simulator/attacks/index.ts';
import { type Behaviours, loadBehaviours } from '../../src/simulator/granary-nodes.ts';

// Worlds of minutes cost seconds of a quiet machine; time in them is no matter of the clock on the wall.
vi.setConfig({ testTimeout: 180_000 });

let behaviours: Behaviours;
beforeAll(async () => {
  behaviours = await loadBehaviours();
});

describe.each(ATTACKS)('$name', (attack) => {
  test.each([false, true])('with its defence: %s', async (defended) => {
    const { result, world } = await runAttack(attack, { seed: 1, defended, behaviours });
    world.network.throwCrash();
    expect(result).toMatchObject({ succeeded: !defended });
  });
});
