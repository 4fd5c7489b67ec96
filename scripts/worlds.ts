import { parseArgs } from 'node:util';
import { runWorld } from '../src/supervisor/testing/run-world.ts';
import { scenarios } from '../test/supervisor/worlds/scenarios.ts';

// Many virtual worlds, one a seed: `npm run worlds -- --seeds 20000`, and `--seed S` to see the story of one.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    scenario: { type: 'string', default: 'small' },
  },
});
const scenario = scenarios[values.scenario];
if (!scenario)
  throw new RangeError(`no scenario ${values.scenario}; there are ${Object.keys(scenarios).join(', ')}`);

if (values.seed !== undefined) {
  const { trace, ...outcome } = await runWorld(Number(values.seed), scenario, { trace: true });
  console.log(trace.join('\n'));
  console.log(outcome);
  process.exit(outcome.broken.length > 0 ? 1 : 0);
}

const from = Number(values.from);
const count = Number(values.seeds);
const began = performance.now();
const faults: Record<string, number> = {};
let bad = 0;
for (let seed = from; seed < from + count; seed++) {
  const { fault, hit, broken } = await runWorld(seed, scenario);
  faults[fault.kind] = (faults[fault.kind] ?? 0) + 1;
  if (broken.length === 0) continue;
  bad++;
  console.log(`seed ${seed}, ${fault.kind}${hit ? ` of ${hit}` : ''}: ${broken.join('; ')}`);
}
const seconds = (performance.now() - began) / 1000;
console.log(`${count} worlds in ${seconds.toFixed(1)} s, ${bad} broken; ${JSON.stringify(faults)}`);
process.exit(bad > 0 ? 1 : 0);
