// How a download verifies and writes, measured: node bench/spikes/download-path.ts [--suite receive] [--size 1024] [--repeats 5]
// JSON goes to stdout, a table to stderr. Every run that writes is checked: BLAKE3 of the whole file.
import { type ChildProcess, fork } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Blake3Hasher, blake3 } from '@napi-rs/blake-hash';
import { selfSigned } from '../self-signed.ts';
import { CHUNK, PREAMBLE, type ReceivePlan, type SendPlan, type Used } from './chunk-frame.ts';
import { suites } from './download-variants.ts';

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'receive' },
    size: { type: 'string', default: '1024' },
    repeats: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
});
const size = Number(values.size) * 1024 * 1024;
const variants = (suites[values.suite] ?? []).filter(({ name }) => name.includes(values.only));
if (variants.length === 0 || !(size > 0)) {
  throw new Error(`suites: ${Object.keys(suites).join(', ')}; --size is in MiB`);
}

interface Row {
  name: string;
  wall: number[];
  receiver: number[];
  receiverThread: number[];
  sender: number[];
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'granary-download-path-'));
const file = path.join(folder, 'source');
const out = path.join(folder, 'out');
const hashes = path.join(folder, 'hashes');
const machine = {
  cpu: os.cpus()[0]?.model.trim(),
  cores: os.cpus().length,
  node: process.version,
  kernel: os.release(),
  load: os.loadavg()[0],
  size,
  repeats: Number(values.repeats),
};
process.stderr.write(`${JSON.stringify(machine)}\n`);

try {
  const wholeHash = makeSource();
  const identities = { ed25519: selfSigned('ed25519'), p256: selfSigned('p256') };
  const rows: Row[] = variants.map(({ name }) => ({
    name,
    wall: [],
    receiver: [],
    receiverThread: [],
    sender: [],
  }));
  for (let repeat = 0; repeat < machine.repeats; repeat += 1) {
    for (const [i, variant] of variants.entries()) {
      const chosen = identities[variant.certificate ?? 'ed25519'];
      const send: SendPlan = {
        ...{ file, size, connections: 1, reader: 'ring', preamble: 'one', payloadAt: 112, ring: 4 },
        ...{ mutual: false, noDelay: false, ciphers: 'TLS_AES_256_GCM_SHA384', highWaterMark: 0, dial: 0 },
        ...chosen,
        ...variant.send,
      } as SendPlan;
      const receive: ReceivePlan = {
        ...{ size, connections: send.connections, mode: 'pump', workers: 1, slots: 16, readBuffer: 65536 },
        ...{ payloadAt: 112, preamble: send.preamble === 'none' || send.reader === 'pipe' ? 0 : PREAMBLE },
        ...{ out, hashes, mutual: send.mutual },
        ...chosen,
        ...variant.receive,
      } as ReceivePlan;
      const used = await transfer(send, receive);
      const discards = receive.mode === 'pump' || receive.mode === 'data';
      if (!discards && hashOf(out) !== wholeHash) {
        throw new Error(`${variant.name}: the file written is not the file sent`);
      }
      const gib = size / 2 ** 30;
      rows[i]?.wall.push(size / 1e6 / used.receiver.wallSeconds);
      rows[i]?.receiver.push(used.receiver.cpuSeconds / gib);
      rows[i]?.receiverThread.push(used.receiver.threadSeconds / gib);
      rows[i]?.sender.push(used.sender.cpuSeconds / gib);
    }
  }
  report(rows);
} finally {
  fs.rmSync(folder, { recursive: true });
}

/** Random data, its chunk hashes beside it. */
function makeSource(): string {
  const fd = fs.openSync(file, 'w');
  const list: Buffer[] = [];
  for (let at = 0; at < size; at += CHUNK) {
    const chunk = crypto.randomBytes(CHUNK);
    list.push(blake3(chunk));
    fs.writeSync(fd, chunk);
  }
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.writeFileSync(hashes, Buffer.concat(list));
  return hashOf(file);
}

/**
 * Fills the file to be written with zeros, in place, before every run. Nothing of an earlier run is left in it, and its
 * pages are in memory: a virtual machine gives idle free pages back to its host within seconds, and the first touch of
 * such a page costs the guest ten times the write itself (1.9 against 0.2 CPU s/GiB), by chance in one run and not the next.
 */
function blank(): void {
  const fd = fs.openSync(out, fs.existsSync(out) ? 'r+' : 'w');
  const zeros = Buffer.alloc(CHUNK);
  for (let at = 0; at < size; at += CHUNK) fs.writeSync(fd, zeros, 0, CHUNK, at);
  fs.closeSync(fd);
}

/** BLAKE3 of a whole file; reading it also puts it back into the page cache. */
function hashOf(name: string): string {
  const fd = fs.openSync(name, 'r');
  const hasher = new Blake3Hasher();
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024);
  for (;;) {
    const count = fs.readSync(fd, buffer);
    if (count === 0) break;
    hasher.update(buffer.subarray(0, count));
  }
  fs.closeSync(fd);
  return hasher.digest('hex');
}

/** Runs one transfer in two fresh processes. A process that dies early is an error. */
async function transfer(send: SendPlan, receive: ReceivePlan): Promise<{ sender: Used; receiver: Used }> {
  const sender = fork(new URL('./tls-sender.ts', import.meta.url));
  const discards = receive.mode === 'pump' || receive.mode === 'data';
  const receiver = fork(new URL('./tls-receiver.ts', import.meta.url));
  hashOf(file);
  if (!discards) blank();
  try {
    if (receive.mode === 'accept') {
      receiver.send({ plan: receive, port: 0 });
      const { port } = await answer<{ port: number }>(receiver);
      sender.send({ ...send, dial: port });
    } else {
      sender.send(send);
      const { port } = await answer<{ port: number }>(sender);
      receiver.send({ plan: receive, port });
    }
    const [sent, received] = await Promise.all([
      answer<{ used: Used }>(sender),
      answer<{ used: Used }>(receiver),
    ]);
    return { sender: sent.used, receiver: received.used };
  } finally {
    sender.kill('SIGKILL');
    receiver.kill('SIGKILL');
  }
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const early = (code: number | null): void => reject(new Error(`a measured process ended with ${code}`));
    const late = setTimeout(() => reject(new Error('no answer in 60 s')), 60_000);
    child.once('exit', early);
    child.once('message', (message) => {
      clearTimeout(late);
      child.off('exit', early);
      resolve(message as T);
    });
  });
}

function report(rows: Row[]): void {
  const summary = rows.map((row) => ({
    name: row.name,
    megabytesPerSecond: spread(row.wall),
    ofTheFirst: spread(row.wall.map((speed, repeat) => speed / (rows[0]?.wall[repeat] as number))),
    receiverCpuPerGib: spread(row.receiver),
    receiverThreadCpuPerGib: spread(row.receiverThread),
    senderCpuPerGib: spread(row.sender),
  }));
  const two = (n: number): string => n.toFixed(2).padStart(6);
  for (const row of summary) {
    const { median, low, high } = row.megabytesPerSecond;
    const speed = `${median.toFixed(0).padStart(5)} (${low.toFixed(0)}-${high.toFixed(0)}) MB/s`.padEnd(24);
    const cpu = `x${row.ofTheFirst.median.toFixed(2)}  receiver ${two(row.receiverCpuPerGib.median)} (thread ${two(row.receiverThreadCpuPerGib.median)})`;
    process.stderr.write(
      `${row.name.padEnd(36)} ${speed} ${cpu}  sender ${two(row.senderCpuPerGib.median)} CPU s/GiB\n`,
    );
  }
  process.stdout.write(`${JSON.stringify({ machine, suite: values.suite, summary }, undefined, 2)}\n`);
}

function spread(samples: number[]): { median: number; low: number; high: number } {
  const sorted = samples.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] as number;
  return { median, low: sorted[0] as number, high: sorted.at(-1) as number };
}
