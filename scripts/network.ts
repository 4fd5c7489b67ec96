import { parseArgs } from 'node:util';
import { runNetwork } from './network/scenario.ts';

// A network of real nodes, each in a process and, where the machine allows it, a network namespace of its own:
// `npm run network -- --nodes 20 --json`. A share is published on one and found by all through the DHT only; half of them
// are killed; a new revision gets to those who are left.
const { values: flags } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    /** `namespaces`, `loopback`, or `any`: namespaces if they can be had. */
    places: { type: 'string', default: 'any' },
    /** Seconds between looks for newer revisions. */
    sync: { type: 'string', default: '5' },
    /** Seconds for each step, at most. */
    within: { type: 'string', default: '300' },
  },
});

const places = (['namespaces', 'loopback', 'any'] as const).find((each) => each === flags.places);
const nodes = Number(flags.nodes);
if (places === undefined || !(nodes >= 4 && nodes <= 100)) {
  process.stderr.write('--nodes is 4 to 100, --places is namespaces, loopback or any\n');
  process.exit(2);
}
const report = await runNetwork({
  ...{ nodes, places, syncSeconds: Number(flags.sync), withinSeconds: Number(flags.within) },
  log: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(report, null, flags.json ? 0 : 2)}\n`);
const all = report.found === nodes - 1 && report.updated === nodes - 1 - report.killed;
process.exit(all && report.fetched_without_publisher ? 0 : 1);
