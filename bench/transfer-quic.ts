import { rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { firstLine } from './child-line.ts';
import { folder, NodeProcess } from './node-process.ts';
import { figuresText, medians, round } from './statistics.ts';
import { inWorkplace, sha256Of, warm, writeBytes } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 30;
const HANDSHAKES = 400;
const ROUND_TRIP_MS = 40;
const LOSSES = [0, 0.1, 1] as const;
const CONTROLS = ['cubic', 'bbr'] as const;
/** Of the file that goes over a path with losses. */
const PATH_SIZE = 2 ** 24;
/** Of what two bridges carry between them, so much is to be left between two nodes. */
const BAR = 0.7;

/**
 * One seeder to one downloader over QUIC, and over TCP, every chunk verified, to disk. Beside them, in the same run, the same
 * bytes through two bridges and nothing else; the connections a second that two bridges make; and a path of 40 ms that loses
 * datagrams, with both ways of sharing it. Size: bytes of the file.
 */
const transferQuic: Bench = {
  name: 'transfer-quic',
  run: ({ size = DEFAULT_SIZE, repeat = 3, log }) =>
    inWorkplace(async (root) => {
      const runs: Record<string, number | string>[] = [];
      const path = join(await folder(root, 'source'), 'file.bin');
      await writeBytes(path, size, 1);
      const small = join(await folder(root, 'small'), 'small.bin');
      await writeBytes(small, PATH_SIZE, 2);
      const expected = await sha256Of(path);
      let same = true;
      for (let run = 0; run < repeat; run++) {
        const figures: Record<string, number> = {};
        for (const transport of ['quic', 'tcp'] as const) {
          const got = await download(root, path, transport);
          same &&= got.sha256 === expected;
          figures[`${transport}_mb_per_second`] = size / 1e6 / got.seconds;
        }
        await warm(path);
        const sender = await firstLine('bridge-pump', 'send', path);
        const received = await firstLine('bridge-pump', 'receive', sender.figures.port!, size);
        figures.bridges_mb_per_second = size / 1e6 / received.figures.seconds!;
        const made = await firstLine('bridge-pump', 'handshakes', sender.figures.port!, HANDSHAKES);
        figures.handshakes_per_second = made.figures.handshakes_per_second!;
        sender.child.kill();
        figures.load = loadavg()[0]!;
        runs.push(figures);
        log(`run ${run + 1}: ${figuresText(figures)}`);
      }
      const paths: Record<string, number> = {};
      for (const control of CONTROLS) {
        for (const loss of LOSSES) {
          const { seconds } = await download(root, small, 'quic', { loss, control });
          paths[`${control}_loss_${loss}_mb_per_second`] = PATH_SIZE / 1e6 / seconds;
        }
      }
      log(`40 ms: ${figuresText(paths)}`);
      const median = { ...medians(runs), ...paths };
      const ratio = round(median.quic_mb_per_second! / median.bridges_mb_per_second!);
      return {
        runs,
        median,
        beside: [
          { name: 'two bridges and nothing else (MB/s)', value: median.bridges_mb_per_second!, ratio },
          {
            name: 'over TCP (MB/s)',
            value: median.tcp_mb_per_second!,
            ratio: round(median.quic_mb_per_second! / median.tcp_mb_per_second!),
          },
        ],
        checks: [
          { name: 'every download has the bytes of its source', ok: same },
          { name: `over QUIC at least ${BAR} of what two bridges carry`, ok: ratio >= BAR },
        ],
      };
    }),
};
export default transferQuic;

/** Two fresh nodes, and one download between them; `path`: behind a path that loses. */
async function download(
  root: string,
  file: string,
  transport: 'quic' | 'tcp',
  path: { loss: number; control: string } | null = null,
): Promise<{ seconds: number; sha256: string }> {
  const env = {
    GRANARY_TRANSPORT_POLICY: `${transport}-only`,
    ...(path && { GRANARY_TRANSPORT_CONGESTION: path.control }),
  };
  const start = (name: string) => NodeProcess.start(join(root, name), env, 0, [`${transport}://127.0.0.1:0`]);
  const [seeder, leecher] = await Promise.all([start('seeder'), start('leecher')]);
  const port = Number(seeder.addresses[0]!.split(':').at(-1));
  const between = path && (await firstLine('udp-path', ROUND_TRIP_MS, path.loss, port));
  try {
    const { link, share_id } = await seeder.run<{ link: string; share_id: string }>('publish', file);
    // Whoever is connected is asked first: the link names the end of the path, not its beginning.
    const address = between ? `quic://127.0.0.1:${between.figures.port}` : seeder.addresses[0]!;
    const near = link.replace(/%3A\d+%40/, `%3A${address.split(':').at(-1)}%40`);
    await leecher.run('subscribe', near);
    await warm(file);
    const out = await folder(root, 'out');
    const got = await leecher.run<{ seconds: number; files: { path: string }[] }>('get', share_id, '-o', out);
    const sha256 = await sha256Of(got.files[0]!.path);
    return { seconds: got.seconds, sha256 };
  } finally {
    await Promise.all([seeder.stop(), leecher.stop()]);
    between?.child.kill();
    for (const name of ['seeder', 'leecher', 'out'])
      await rm(join(root, name), { recursive: true, force: true });
  }
}
