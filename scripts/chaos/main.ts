import { parseArgs } from 'node:util';
import { brokenText, faultText, killText, phaseRows, reportText } from './report.ts';
import { runChaos } from './run-chaos.ts';

// Real nodes, killed and harmed at moments that a seed chooses: `npm run chaos -- --kills 500 --seed 7`. Temporary folders
// and loopback only. `--from K --kills 1` is kill K alone; `--json`: the report as one line. Exit code 1 when something broke.
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '1' },
    faults: { type: 'string', default: '1' },
    fault: { type: 'string' },
    large: { type: 'string', default: '24' },
    small: { type: 'string', default: '150' },
    json: { type: 'boolean', default: false },
  },
});

function whole(name: 'kills' | 'seed' | 'from' | 'faults' | 'large' | 'small', least: number): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`--${name} takes a whole number, ${least} or more`);
  process.exit(2);
}

// A signal ends the run after what is under way, with its report; a second one at once. No node is left running.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => (stop.signal.aborted ? process.exit(1) : stop.abort()));
}

const say = (text: string) => {
  if (!values.json) console.log(text);
};
const report = await runChaos(
  {
    kills: whole('kills', 0),
    seed: whole('seed', 0),
    from: whole('from', 1),
    faults: whole('faults', 0),
    onlyFault: values.fault,
    large: whole('large', 4),
    small: whole('small', 30),
    stop: stop.signal,
  },
  {
    onKill: (record, broken) => say(broken === null ? killText(record) : brokenText(broken)),
    onFault: (row, broken) => say(broken === null ? faultText(row) : brokenText(broken)),
  },
);
if (values.json) console.log(JSON.stringify({ ...report, phases: phaseRows(report.kills) }));
else console.log(`\n${reportText(report)}`);
process.exit(report.ok ? 0 : 1);
