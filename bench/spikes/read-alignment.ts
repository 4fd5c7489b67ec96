// What the place of a read in its buffer costs: readSync of 256 KiB from the page cache. Prints one JSON object.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CHUNK } from './chunk-frame.ts';

// A large allocation begins 16 bytes into a page, so these are 16 bytes more from a page's beginning.
const places = [0, 16, 48, 64, 100, 112, 164, 240];
const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'granary-read-alignment-')), 'source');
fs.writeFileSync(file, Buffer.alloc(64 * 1024 * 1024, 7));
const fd = fs.openSync(file, 'r');
const speeds = new Map(places.map((place) => [place, [] as number[]]));
for (let repeat = 0; repeat < 9; repeat += 1) {
  for (const place of places) {
    const ring = Array.from({ length: 4 }, () => Buffer.allocUnsafeSlow(4096 + CHUNK).fill(0));
    const at = performance.now();
    for (let chunk = 0; chunk < 256; chunk += 1) {
      fs.readSync(fd, ring[chunk % 4] as Buffer, place, CHUNK, chunk * CHUNK);
    }
    speeds.get(place)?.push(62.5 / (performance.now() - at));
  }
}
fs.closeSync(fd);
fs.rmSync(path.dirname(file), { recursive: true });
const gibPerSecond = Object.fromEntries(
  [...speeds].map(([place, samples]) => {
    const sorted = samples.toSorted((a, b) => a - b);
    return [place, { median: sorted[4], low: sorted[0], high: sorted[8] }];
  }),
);
process.stdout.write(`${JSON.stringify({ cpu: os.cpus()[0]?.model, gibPerSecond }, undefined, 2)}\n`);
