import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAddress } from '../../src/protocol/addresses/address.ts';
import { runTarget, type TargetResult } from '../target/run-target.ts';
import { deviationsReport } from './deviations-report.ts';
import { randomFile } from './material.ts';
import { Reference } from './reference.ts';
import { type DialectNumber, NoReference, REFERENCES, referencePrograms } from './reference-build.ts';

// The black-box checks against fresh nodes of both versions of the reference; what they say is docs/reference-deviations.md.

const { values } = parseArgs({
  options: {
    'refpeer-dir': { type: 'string' },
    /** Prints the results instead. */
    json: { type: 'boolean', default: false },
  },
});

const say = (text: string) => process.stderr.write(`${text}\n`);

async function check(program: string, folder: string): Promise<TargetResult> {
  const node = await Reference.start({ program, args: ['--caps', 'dht,store,relay,content_seed'] });
  try {
    const path = await randomFile(join(folder, 'three-chunks.bin'), 600_000);
    await node.must('publish', { files: [path], title: 'for everybody' });
    const parsed = parseAddress(node.tcp);
    if (!parsed.ok) throw new Error(parsed.reason);
    return await runTarget({
      address: parsed.address,
      slow: true,
      harmful: true,
      onCheck: ({ verdict, case: name }) => verdict === 'passed' || say(`${verdict}: ${name}`),
    });
  } finally {
    await node.stop();
  }
}

async function main(): Promise<void> {
  const programs = await referencePrograms(values['refpeer-dir'], false, say);
  const folder = await mkdtemp(join(tmpdir(), 'granary-deviations-'));
  try {
    const dialects = Object.keys(REFERENCES).map(Number) as DialectNumber[];
    // Side by side: most of the time is waiting.
    const runs = await Promise.all(
      dialects.map(async (dialect) => ({
        version: REFERENCES[dialect].version,
        result: await check(programs[dialect], folder),
      })),
    );
    if (values.json) return console.log(JSON.stringify(runs, null, 2));
    const path = join(import.meta.dirname, '../../docs/reference-deviations.md');
    await writeFile(path, deviationsReport(runs));
    say(`written: ${path}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof NoReference)) throw error;
  say(error.message);
  process.exitCode = 2;
}
