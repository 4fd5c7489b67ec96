import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { keep } from '../test/fuzz/corpus.ts';
import { judge, play } from '../test/fuzz/run-target.ts';
import { TARGETS } from '../test/fuzz/table.ts';

// The decoders and sanitisers of test/fuzz, for as long as one likes: every input that breaks one is kept in the corpus.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    replay: { type: 'string' },
  },
});

const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
if (targets.length === 0) {
  console.error(`no target named ${values.target}; there are ${TARGETS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

/** A target has its share of the time in turns of this many seconds, so that each comes early. */
const TURN_SECONDS = 2;
/** Failures of one target that are kept: more of them tell nothing more. */
const MAX_KEPT = 5;

process.exitCode = (await (values.replay === undefined ? fuzz() : replay(values.replay))) ? 0 : 1;

async function fuzz(): Promise<boolean> {
  const until = performance.now() + Number(values.seconds) * 1000;
  const found = new Map<string, Set<string>>();
  let cases = 0;
  console.log(`seed ${values.seed}, ${targets.length} targets, ${values.seconds} s`);
  for (let round = 0; performance.now() < until; round++) {
    for (const target of targets) {
      if (performance.now() >= until) break;
      const reasons = found.get(target.name) ?? new Set();
      found.set(target.name, reasons);
      if (reasons.size >= MAX_KEPT) continue;
      const seconds = Math.min(TURN_SECONDS, Number(values.seconds) / targets.length);
      const end = Math.min(until, performance.now() + seconds * 1000);
      const failures = play(target, Number(values.seed) + round, () => performance.now() >= end);
      for (let step = await failures.next(); ; step = await failures.next()) {
        if (step.done) {
          cases += step.value;
          break;
        }
        const { input, reason } = step.value;
        // The same fault again: a few lines of it are where it came from.
        const kind = reason.split('\n').slice(0, 3).join('\n').replaceAll(/\d+/g, 'N').slice(0, 200);
        if (reasons.has(kind) || reasons.size >= MAX_KEPT) continue;
        reasons.add(kind);
        const path = relative(process.cwd(), keep(target.name, input));
        console.log(
          `\n${target.name}: ${reason}\n  npm run fuzz -- --target ${target.name} --replay ${path}`,
        );
      }
    }
  }
  const failures = [...found.values()].reduce((sum, reasons) => sum + reasons.size, 0);
  console.log(`${cases} cases, ${failures} kinds of failure`);
  return failures === 0;
}

async function replay(path: string): Promise<boolean> {
  if (values.target === undefined) {
    console.error('--replay needs --target');
    return false;
  }
  const reason = await judge(targets[0]!, new Uint8Array(readFileSync(path)));
  console.log(reason ?? 'nothing is wrong');
  return reason === null;
}
