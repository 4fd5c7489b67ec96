import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Supervisor, siblingModule } from '../../src/supervisor/index.ts';
import { counterContract, readerContract, tallyContract } from './contracts.ts';

// Three actors, four threads, one of them dying at work: `node examples/word-count/main.ts [FOLDER]`.
const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? here;
const module = (name: string) => siblingModule(import.meta.url, `./${name}`);

const supervisor = new Supervisor(
  {
    name: 'root',
    strategy: 'rest_for_one',
    intensity: 3,
    periodMs: 60_000,
    contracts: module('contracts'),
    slab: { slots: 4 },
    children: [
      { contract: readerContract, module: module('reader'), config: { folder } },
      { contract: counterContract, module: module('counter'), config: {}, members: 2 },
      { contract: tallyContract, module: module('tally'), config: {} },
    ],
  },
  {
    logLevel: 'silent',
    events: { actorRestarted: ({ actor, cause }) => console.log(`${actor} died (${cause}) and is back`) },
  },
);
process.once('SIGINT', () => supervisor.stop());

await supervisor.start();
const tally = supervisor.ref(tallyContract);
const running = tally.ask('run', null);
tally.tell('sabotage', null);
const { files, top } = await running;
console.log(
  `${files} files; most frequent words: ${top.map(([word, times]) => `${word} ${times}`).join(', ')}`,
);
for (const { name, state, restarts, metrics } of supervisor.status())
  console.log(name, state, restarts, metrics);
const { slots, free } = supervisor.slab();
console.log(`${free} of ${slots} slots are free`);
const { clean, seconds } = await supervisor.stop();
console.log(`stopped ${clean ? 'cleanly' : 'by cutting'} in ${seconds.toFixed(2)} s`);
