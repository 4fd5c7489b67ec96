import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ChunkMap } from '../../../src/actors/chunk-map.ts';
import { OctetWriter } from '../../../src/actors/search/octet-writer.ts';
import { PostingList } from '../../../src/actors/search/postings.ts';
import { decodeRow, encodeRow, type Row } from '../../../src/actors/search/row.ts';
import { Segment } from '../../../src/actors/search/segment-reader.ts';
import { readKeyFile } from '../../../src/actors/store/key-file.ts';
import { readPassphraseFile } from '../../../src/actors/store/passphrase-file.ts';
import { readControlFile } from '../../../src/cli/control-file.ts';
import { readLastStop } from '../../../src/cli/last-stop.ts';
import { readConfigFile } from '../../../src/settings/config-file.ts';
import { readSettings } from '../../../src/settings/load.ts';
import { controlFile, lastStopFile } from '../../../src/settings/run-folder.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { checkFrame } from '../../../src/supervisor/link/check-frames.ts';
import { FrameSplitter, FrameTooLargeError } from '../../../src/supervisor/link/frame-splitter.ts';
import {
  BadMessageError,
  packBody,
  unpackBody,
  unpackFrame,
} from '../../../src/supervisor/link/message-pack.ts';
import { must, orDeclared, type Target, textOf, utf8 } from '../target.ts';

const log = { trace() {}, debug() {}, info() {}, warn() {}, error() {} } as never;

/** A file of that content in a folder of its own; what is read of it may be refused with an error of the table. */
async function withFile(
  name: string,
  input: Uint8Array,
  read: (folder: string, path: string) => Promise<unknown>,
) {
  folder ??= mkdtempSync(join(tmpdir(), 'granary-fuzz-'));
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, input);
  try {
    await read(folder, path);
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
  }
}
let folder: string | null = null;
process.on('exit', () => folder && rmSync(folder, { recursive: true, force: true }));

const packed = () =>
  [
    [0, 1, 2, { op: 'get', body: ['a', null, 1.5] }, 1_000],
    [1, 7, new Uint8Array(20)],
    [2, 7, { code: 'E_IO', message: 'm', cause: { code: 'E', message: 'c' } }],
    [5, 0, [1, 2n ** 60n, 'x'.repeat(40)]],
    { v: 1, id: 3, op: 'stats', body: {} },
  ].map((value) => new Uint8Array(packBody(value, 1 << 20).subarray(4)));
const toml = [
  '[network]\nlisten = ["tcp://0.0.0.0:7001"]\nhandshake_ms = 10000\n',
  '# all\n[node]\nlog_level = "info"\n[downloads]\ncategories = ["tv=/srv/tv"]\nreserve_bytes = 1_000\n',
  'network.shards = 1\nnode = { log_level = "warn" }\n[[x]]\ny = 1979-05-27T07:32:00Z\n',
];

function encodedRow(row: Row): Uint8Array {
  const octets = new OctetWriter(1, 256);
  encodeRow(row, octets);
  return octets.octets;
}

export const local: readonly Target[] = [
  {
    name: 'link-frame',
    covers: [
      'supervisor/link/message-pack.ts unpackFrame',
      'supervisor/link/message-pack.ts unpackBody',
      'supervisor/link/check-frames.ts checkFrame',
    ],
    form: 'msgpack',
    seeds: packed,
    run(input) {
      orDeclared(BadMessageError, () => unpackFrame(input));
      const value = orDeclared(BadMessageError, () => [unpackBody(input)]);
      if (value === null) return;
      checkFrame(value[0]);
      const written = orDeclared(TypeError, () => packBody(value[0], 1 << 22));
      if (written === null) return;
      const again = packBody(unpackBody(written.subarray(4)), 1 << 22);
      must(again.equals(written), 'a value reads otherwise');
    },
  },
  {
    name: 'link-splitter',
    covers: ['supervisor/link/frame-splitter.ts FrameSplitter'],
    form: 'octets',
    seeds: () => packed().map((body) => Buffer.concat([Buffer.from([0, 0, 0, body.length]), body])),
    run(input) {
      const split = (step: number) => {
        const splitter = new FrameSplitter(4_096);
        const found: string[] = [];
        orDeclared(FrameTooLargeError, () => {
          for (let at = 0; at < input.length; at += step) {
            for (const frame of splitter.push(Buffer.from(input.subarray(at, at + step))))
              found.push(frame.toString('hex'));
          }
          return true;
        });
        return found.join();
      };
      must(
        split(input.length || 1) === split(1 + (input.length % 5)),
        'the pieces decide what the frames are',
      );
    },
  },
  {
    name: 'config-file',
    covers: ['settings/config-file.ts readConfigFile', 'settings/load.ts readSettings'],
    form: 'text',
    longest: 4_096,
    heavy: true,
    seeds: () => toml.map(utf8),
    run: (input) =>
      withFile('config.toml', input, async (home, path) => {
        const reading = await readSettings({ home, config: path, env: {} });
        if (!reading.ok) must(reading.problems.length > 0, 'refused without a reason');
        await readConfigFile(path, true);
      }),
  },
  {
    name: 'setting-text',
    covers: ['settings/load.ts readSettings'],
    form: 'text',
    longest: 2_048,
    heavy: true,
    seeds: () =>
      ['tcp://0.0.0.0:1,tcp://[::]:2', 'tv=/srv/tv,film=/srv/film', '10000', 'true', 'info', '1e3'].map(utf8),
    async run(input) {
      const text = textOf(input);
      const env = {
        GRANARY_NETWORK_LISTEN: text,
        GRANARY_NETWORK_BOOTSTRAP: text,
        GRANARY_DOWNLOADS_CATEGORIES: text,
        GRANARY_NETWORK_SHARDS: text,
        GRANARY_NETWORK_REQUIRE_BOUND: text,
        GRANARY_NODE_LOG_LEVEL: text,
      };
      const reading = await readSettings({ home: '/nonexistent', env });
      must(reading.ok || reading.problems.length > 0, 'refused without a reason');
    },
  },
  {
    name: 'key-file',
    covers: ['actors/store/key-file.ts readKeyFile', 'actors/store/passphrase-file.ts readPassphraseFile'],
    form: 'text',
    heavy: true,
    seeds: () =>
      [`${'ab'.repeat(32)}\n`, `${'AB'.repeat(32)} ${'01'.repeat(32)}\r\n`, 'correct horse\nbattery'].map(
        utf8,
      ),
    run: (input) =>
      withFile('key', input, async (_, path) => {
        await readPassphraseFile(path, log).catch((error) => {
          if (!(error instanceof ActorError)) throw error;
        });
        const keys = await readKeyFile(path, log);
        must(
          keys !== null && keys.length > 0 && keys.every((key) => key.reveal().length === 32),
          'keys that are none',
        );
      }),
  },
  {
    name: 'run-files',
    covers: ['cli/control-file.ts readControlFile', 'cli/last-stop.ts readLastStop'],
    form: 'text',
    heavy: true,
    seeds: () =>
      ['{"pid":1,"socket":"/run/x","version":"0.1.0","api":"1.0"}', '{"code":0}', '[]', '{"pid":1e999}'].map(
        utf8,
      ),
    async run(input) {
      await withFile(controlFile('x').slice(2), input, async (home) => void (await readControlFile(home)));
      await withFile(lastStopFile('x').slice(2), input, async (home) => void (await readLastStop(home)));
    },
  },
  {
    name: 'segment',
    covers: [
      'actors/search/segment-reader.ts Segment',
      'actors/search/row.ts decodeRow',
      'actors/search/postings.ts PostingList',
    ],
    form: 'octets',
    seeds: () => [
      encodedRow({ contentId: new Uint8Array(32), size: 5, name: 'n', path: 'a/n', tags: ['t'] }),
      Uint8Array.from([2, 1, 3, 0x85, 1, 4]),
      new Uint8Array(160),
    ],
    run(input) {
      Segment.open(new Uint8Array(input));
      const row = decodeRow(Buffer.from(input));
      if (row !== null)
        must(Number.isFinite(row.size) && Array.isArray(row.tags), 'a row that was never written');
      const list = new PostingList(input, 0, input.length, 8 * input.length);
      must(
        list.names().length + list.tags().length <= 9 * input.length,
        'more documents than octets can say',
      );
      must(list.common([]).length === 0, 'a document that nobody wanted');
    },
  },
  {
    name: 'chunk-map',
    covers: ['actors/chunk-map.ts ChunkMap'],
    form: 'octets',
    longest: 512,
    seeds: () => [Uint8Array.from([10, 0xff, 3]), Uint8Array.from([8, 1]), Uint8Array.from([0])],
    run(input) {
      const map = ChunkMap.from(input[0] ?? 0, input.subarray(1));
      if (map === null) return;
      let count = 0;
      for (let chunk = 0; chunk < map.chunks; chunk++) if (map.has(chunk)) count++;
      must(count === map.count && map.full === (count === map.chunks), 'it counts otherwise');
    },
  },
];
