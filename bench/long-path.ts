import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../src/supervisor/tree/module-url.ts';
import type { Bench } from './bench.ts';
import { folder, NodeProcess } from './node-process.ts';
import { medians, round } from './statistics.ts';
import { inWorkplace, sha256Of, writeBytes } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 28;
/** What the relay itself can pass on here at a tenth of a core. */
const RATE = 40_000_000;
const ROUND_TRIP_MS = 100;

/**
 * One peer at the end of a path of 100 ms and 40 MB/s, behind a relay that keeps back what passes. Beside it what the path
 * carries. Size: bytes of the file.
 */
const longPath: Bench = {
  name: 'long-path',
  run: ({ size = DEFAULT_SIZE, repeat = 3, log }) =>
    inWorkplace(async (root) => {
      const source = join(await folder(root, 'source'), 'file.bin');
      await writeBytes(source, size);
      const expected = await sha256Of(source);
      const script = fileURLToPath(siblingModule(import.meta.url, './relay'));
      const relay = spawn(process.execPath, [script, String(RATE), String(ROUND_TRIP_MS)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [line] = (await once(createInterface({ input: relay.stdout }), 'line')) as [string];
      const { port } = JSON.parse(line) as { port: number };
      const ownPort = await freePort();
      const advertise = { GRANARY_NETWORK_ADVERTISE: `tcp://127.0.0.1:${port}` };
      const seeder = await NodeProcess.start(join(root, 'seeder'), advertise, ownPort);
      const leecher = await NodeProcess.start(join(root, 'leecher'));
      try {
        relay.stdin.write(`${ownPort}\n`);
        const { link, share_id } = await seeder.run<{ link: string; share_id: string }>('publish', source);
        await leecher.run('subscribe', link);
        const runs: Record<string, number | string>[] = [];
        let same = true;
        for (let run = 0; run < repeat; run++) {
          const out = await folder(root, 'out');
          const got = await leecher.run<{ seconds: number; files: { path: string }[] }>(
            'get',
            share_id,
            '-o',
            out,
          );
          same &&= (await sha256Of(got.files[0]!.path)) === expected;
          await rm(out, { recursive: true });
          const figures = { seconds: got.seconds, mb_per_second: size / 1e6 / got.seconds };
          runs.push(figures);
          log(`run ${run + 1}: ${round(figures.mb_per_second)} MB/s`);
        }
        const median = medians(runs);
        const ratio = round((median.mb_per_second! * 1e6) / RATE);
        return {
          runs,
          median,
          beside: [{ name: 'the path (MB/s)', value: RATE / 1e6, ratio }],
          checks: [{ name: 'every download has the bytes of the source', ok: same }],
        };
      } finally {
        await leecher.stop();
        await seeder.stop();
        relay.kill();
      }
    }),
};
export default longPath;

/** Free a moment ago: the relay has to know where to go before the node says which it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
