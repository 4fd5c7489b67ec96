import { off } from '../../src/simulator/attacks/defences.ts';
import { ATTACKS, runAttack } from '../../src/simulator/attacks/index.ts';
import { kill } from '../../src/simulator/churn.ts';
import { lookUpValues, storeValues } from '../../src/simulator/dht-measure.ts';
import { DhtWorld } from '../../src/simulator/dht-world.ts';
import type { Behaviours } from '../../src/simulator/granary-nodes.ts';

const NODES = 200;
const SEED = 1;
const DEFENCES = [
  'diversity',
  'pingBeforeEvict',
  'onlyAnswered',
  'checkedHeads',
  'origins',
  'rates',
] as const;

/** How far each attack comes, without what stands in its way and with it: what the defence buys. */
export async function attackFigures(behaviours: Behaviours) {
  const figures = [];
  for (const attack of ATTACKS) {
    const [without, withIt] = [
      (await runAttack(attack, { seed: SEED, defended: false, behaviours })).result,
      (await runAttack(attack, { seed: SEED, defended: true, behaviours })).result,
    ];
    figures.push({
      name: attack.name,
      key: attack.name.toLowerCase().replace(/[^a-z0-9]+/g, '_'),
      defence: attack.defence,
      without: without.share,
      with: withIt.share,
      of: withIt.of,
      ok: without.succeeded && !withIt.succeeded,
    });
  }
  return figures;
}

/** Lookups in an honest network with a fifth of it gone, without one of the defences each: what it costs. */
export async function defenceCosts(behaviours: Behaviours) {
  const figures = [];
  for (const name of ['nothing', ...DEFENCES] as const) {
    const dht = name === 'nothing' ? {} : off(name);
    const world = await DhtWorld.join({ seed: SEED, nodes: NODES, dht }, behaviours);
    const { values } = await storeValues(world, 50);
    kill(world.network, world.nodes, 0.2);
    const { lookups, found, messages, rounds } = await lookUpValues(world, values, 500);
    const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    figures.push({
      name,
      key: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      messages: mean(messages),
      rounds: mean(rounds),
      found: found / lookups,
    });
  }
  return figures;
}
