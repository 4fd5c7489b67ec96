import { beforeAll, describe, expect, test } from 'vitest';
import { ATTACKS, runAttack } from '../../src/simulator/attacks/index.ts';
import { type Behaviours, loadBehaviours } from '../../src/simulator/granary-nodes.ts';

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
