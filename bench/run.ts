import { fileURLToPath } from 'node:url';
import type { Bench, BenchOptions, BenchResult } from './bench.ts';
import { machine } from './machine.ts';

/** Benchmarks by name; loaded when asked for. */
const BENCHES: Readonly<Record<string, () => Promise<{ default: Bench }>>> = {
  messages: () => import('./messages.ts'),
  publish: () => import('./publish.ts'),
  recheck: () => import('./recheck.ts'),
  transfer: () => import('./transfer.ts'),
  'transfer-quic': () => import('./transfer-quic.ts'),
  serve: () => import('./serve.ts'),
  'slow-readers': () => import('./slow-readers.ts'),
  'idle-sessions': () => import('./idle-sessions.ts'),
  'long-path': () => import('./long-path.ts'),
  search: () => import('./search.ts'),
  caps: () => import('./caps.ts'),
  catalog: () => import('./catalog.ts'),
  announce: () => import('./announce.ts'),
  dht: () => import('./dht.ts'),
};

export const benchNames = (): string[] => Object.keys(BENCHES);

/** Runs one benchmark. The result's field names are those of `granary bench --json`. */
export async function runBench(
  name: string,
  options: BenchOptions,
): Promise<BenchResult & { bench: string; machine: string }> {
  const load = BENCHES[name];
  if (!load) throw new RangeError(`no benchmark named ${name}; there are ${benchNames().join(', ')}`);
  const { default: bench } = await load();
  return { bench: name, machine: machine(), ...(await bench.run(options)) };
}

// `npm run bench -- messages --size 100000`: the same without the command line of the product.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name = 'messages', ...flags] = process.argv.slice(2);
  const number = (flag: string) => {
    const at = flags.indexOf(flag);
    return at < 0 ? undefined : Number(flags[at + 1]);
  };
  const result = await runBench(name, {
    size: number('--size'),
    repeat: number('--repeat'),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exit(result.checks.every((check) => check.ok) ? 0 : 1);
}
