import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../../bench/machine.ts';
import type { CellResult } from './cell.ts';
import { GROUPS } from './groups/index.ts';
import { NoReference, referencePrograms } from './reference-build.ts';
import { countsText, report } from './report.ts';
import { runCells } from './run-cells.ts';
import { World } from './world.ts';

// Live nodes of the reference and real Granary nodes, through everything that the two have to do with each other.

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** A folder with refpeer-0.3.2 and refpeer-0.6.0; else they are built with cargo. */
    'refpeer-dir': { type: 'string' },
    /** Builds them anew. */
    rebuild: { type: 'boolean', default: false },
    /** Writes docs/interop.md; only a whole run may. */
    write: { type: 'boolean', default: false },
  },
});

const say = (text: string) => process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const programs = await referencePrograms(values['refpeer-dir'], values.rebuild, say);
  const results: CellResult[] = [];
  const world = await World.create(programs);
  try {
    for await (const result of runCells(world, GROUPS, values.only)) {
      results.push(result);
      if (values.json) continue;
      const { group, name, transport, dialect, outcome, note, seconds } = result;
      const place = `${transport} ${dialect}`;
      console.log(
        `${outcome.padEnd(7)} ${place.padEnd(6)} ${seconds.toFixed(2).padStart(7)} s  ${group}: ${name}${note ? ` (${note})` : ''}`,
      );
    }
  } finally {
    await world.close();
  }
  if (values.json) console.log(JSON.stringify({ machine: machine(), results }, null, 2));
  else console.log(countsText(results));
  if (values.write && values.only === undefined) {
    const path = join(import.meta.dirname, '../../docs/interop.md');
    await writeFile(path, report(GROUPS, results, machine()));
    say(`written: ${path}`);
  }
  process.exitCode = results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof NoReference)) throw error;
  say(error.message);
  process.exitCode = 2;
}
