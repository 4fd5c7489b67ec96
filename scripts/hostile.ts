import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { machine } from '../bench/machine.ts';
import { attack, type RowResult } from '../test/hostile/attack.ts';
import { HonestPair } from '../test/hostile/honest-pair.ts';
import { newcomerIsServed } from '../test/hostile/newcomer.ts';
import { runProvider } from '../test/hostile/provider/run-provider.ts';
import { PROVIDERS } from '../test/hostile/provider/table.ts';
import { SCENES } from '../test/hostile/scenes.ts';
import { TABLE } from '../test/hostile/table.ts';

// The hostile peer of test/hostile against two real nodes: every row in every dialect, every flood, every hostile
// provider; and what honest transfers have left of their speed meanwhile, each beside its own quiet time.

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    /** Seconds of quiet before and after, and of each flood. */
    seconds: { type: 'string', default: '3' },
  },
});

interface Line {
  readonly kind: 'rows' | 'flood' | 'provider';
  readonly name: string;
  /** Null: everything was as it must be. */
  readonly fault: string | null;
  readonly seconds: number;
  /** Megabytes a second of honest transfers: without the attack, and during it; and the ratio. */
  readonly quiet?: number;
  readonly under?: number;
  readonly ratio?: number;
  /**
   * Of the processor time of the attacked node, the part that honest transfers got, measured by what their octets cost
   * when it is quiet. Unlike the ratio of speeds it does not count what the attacker and others take of the machine.
   */
  readonly work_ratio?: number;
}

const MiB = 1024 * 1024;
/** What honest transfers must keep. */
const MUST_KEEP = 0.8;
const windowMs = Number(values.seconds) * 1000;
const wanted = (name: string) => values.only === undefined || name.includes(values.only);

const pair = await HonestPair.start(32 * MiB);
const lines: Line[] = [];
try {
  pair.download();
  await sleep(2_000);
  await playRows();
  for (const scene of SCENES.filter(({ name }) => wanted(name))) await playScene(scene);
  for (const row of PROVIDERS.filter(({ name }) => wanted(name))) {
    const from = performance.now();
    const fault = await runProvider(pair.reader.client, pair.work, row).catch(
      (error: Error) => error.message,
    );
    line({ kind: 'provider', name: row.name, fault: fault ?? (await pair.ailment()), seconds: since(from) });
  }
  report(await pair.server.load());
} finally {
  await pair.remove();
}

/**
 * Rows that belong together are measured together: one of them takes milliseconds. First once, with a look at both nodes
 * after each; then again and again for as long as the window is, without: the looks cost as much as the attack.
 */
async function playRows(): Promise<void> {
  const groups = Map.groupBy(
    TABLE.filter(({ name }) => wanted(name)),
    ({ stage, name }) => (stage === 'session' ? `session, ${name.split(':')[0]}` : stage),
  );
  for (const [name, rows] of groups) {
    const faults: string[] = [];
    const note = ({ row, form, fault }: RowResult) => {
      if (fault !== null) faults.push(`${row.name} (${form}): ${fault}`);
    };
    for await (const result of attack(pair, rows)) note(result);
    await measured('rows', `${name} (${rows.length} rows)`, async (end) => {
      while (performance.now() < end && faults.length === 0) {
        for await (const result of attack(pair, rows, { unwatched: true })) {
          note(result);
          if (performance.now() >= end) break;
        }
      }
      return faults.length === 0 ? await pair.ailment() : faults.join('; ');
    });
  }
}

async function playScene(scene: (typeof SCENES)[number]): Promise<void> {
  await measured('flood', scene.name, async (end) => {
    const running = await scene.begin(pair.target, pair.known);
    try {
      const served = await newcomerIsServed(pair.target);
      await sleep(Math.max(0, end - performance.now()));
      return served ? await pair.ailment() : 'nobody new was served';
    } finally {
      running.stop();
    }
  });
}

async function measured(
  kind: Line['kind'],
  name: string,
  play: (end: number) => Promise<string | null>,
): Promise<void> {
  const before = await costOf(() => sleep(windowMs / 2));
  const from = performance.now();
  let fault: string | null = null;
  const during = await costOf(async () => {
    fault = await play(performance.now() + windowMs);
  });
  const seconds = since(from);
  const after = await costOf(() => sleep(windowMs / 2));
  const quiet = (before.speed + after.speed) / 2;
  line({
    kind,
    name,
    fault,
    seconds,
    quiet: quiet / 1e6,
    under: during.speed / 1e6,
    ratio: during.speed / quiet,
    work_ratio: (before.work + after.work) / 2 / during.work,
  });
}

/** Honest octets a second, and processor seconds of the attacked node for each. */
async function costOf(play: () => Promise<unknown>): Promise<{ speed: number; work: number }> {
  const [from, cpu] = [performance.now(), pair.server.cpuSeconds()];
  const speed = await pair.speed(play);
  return { speed, work: (pair.server.cpuSeconds() - cpu) / (speed * since(from)) };
}

function line(one: Line): void {
  lines.push(one);
  if (values.json) return;
  const figures =
    one.ratio === undefined
      ? ''
      : `${one.quiet!.toFixed(0)} -> ${one.under!.toFixed(0)} MB/s, ${(one.ratio * 100).toFixed(0)} %, work ${(one.work_ratio! * 100).toFixed(0)} %`;
  const verdict = one.fault ?? 'as it must';
  console.log(`${one.kind.padEnd(9)} ${one.name.padEnd(64)} ${figures.padEnd(40)} ${verdict}`);
}

function report(load: Awaited<ReturnType<typeof pair.server.load>>): void {
  const ratios = lines
    .flatMap(({ kind, ratio }) => (kind === 'rows' ? (ratio ?? []) : []))
    .sort((a, b) => a - b);
  const floods = lines.flatMap(({ kind, ratio }) => (kind === 'flood' ? (ratio ?? []) : []));
  const median = ratios[ratios.length >> 1] ?? null;
  const result = {
    machine: machine(),
    violations: lines.filter(({ fault }) => fault !== null).length,
    median_ratio_of_rows: median,
    least_ratio_of_floods: floods.length > 0 ? Math.min(...floods) : null,
    must_keep: MUST_KEEP,
    load,
    honest_downloads: pair.downloads,
  };
  if (values.json) console.log(JSON.stringify({ ...result, lines }, null, 2));
  else console.log(JSON.stringify(result));
  process.exitCode = result.violations > 0 || (median !== null && median < MUST_KEEP) ? 1 : 0;
}

function since(from: number): number {
  return (performance.now() - from) / 1000;
}
