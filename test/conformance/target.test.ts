import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runTarget } from '../../conformance/target/run-target.ts';
import { SUITES } from '../../conformance/target/suites.ts';
import { parseAddress } from '../../src/protocol/addresses/address.ts';
import type { Envelope } from '../../src/protocol/wire/envelope.ts';
import { errorReply, unknownMessageType } from '../../src/protocol/wire/errors.ts';
import { run } from '../cli/in-process.ts';
import { Node } from '../e2e/granary-process.ts';
import { wrongPeer } from './wrong-peer.ts';

const addressOf = (text: string) => {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.address;
};

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

test.each([
  ['tcp', 26],
  // Four checks of those are not about TLS over TCP.
  ['quic', 4],
])(
  'our own node passes every check in both dialects over %s',
  { timeout: 120_000 },
  async (over, ofTransport) => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-target-'));
    closing.push(() => rm(folder, { recursive: true }));
    const node = await Node.start({ args: ['--listen', `${over}://127.0.0.1:0`] });
    closing.push(() => node.remove());
    const path = join(folder, 'three-chunks.bin');
    await writeFile(path, randomBytes(600_000));
    await node.must('publish', path, '--public');
    const address = node.ready.addresses.find((each) => each.startsWith(over))!;
    const result = await runTarget({ address: addressOf(address), harmful: true });
    expect(result.failures).toEqual([]);
    expect(result.target).toMatchObject({ node_key: node.ready.node_key, dialects: [1, 2] });
    const passed = (name: string) => result.suites.find((suite) => suite.name === name)?.passed ?? 0;
    // What may be skipped is what this node does not serve, and nothing of the rest.
    for (const [name, count] of [
      ['transport', ofTransport],
      ['handshake', 61],
      ['framing', 68],
      ['leniency', 70],
      ['content', 14],
      ['limits', 7],
    ] as const) {
      expect([name, passed(name)]).toEqual([name, count]);
    }
  },
);

test('no two checks of a suite have one name', () => {
  for (const { checks } of SUITES) {
    const names = checks.map(({ name, dialects = [] }) => `${name} ${dialects}`);
    expect(new Set(names).size).toBe(names.length);
  }
});

describe('a node that is wrong', () => {
  const unknown = (request: Envelope) => errorReply(request, unknownMessageType(request.type));
  const failing = async (only: string, answer: Parameters<typeof wrongPeer>[0]) => {
    const peer = await wrongPeer(answer);
    closing.push(peer.close);
    const { failures } = await runTarget({ address: addressOf(peer.address), dialect: 2, only });
    return failures;
  };

  test.each([
    ['another number', 'req_id', (request: Envelope) => ({ ...unknown(request), reqId: request.reqId ^ 1 })],
    ['no response flag', 'flags', (request: Envelope) => ({ ...unknown(request), flags: 2 })],
    ['another type', 'type', (request: Envelope) => ({ ...unknown(request), type: 3 })],
    ['an acknowledgement', 'error', (request: Envelope) => ({ ...unknown(request), flags: 1 })],
    ['another text', 'error', (request: Envelope) => errorReply(request, 'no idea')],
    ['nothing', 'silence', () => 'nothing' as const],
    ['an end', 'closed', () => 'close' as const],
  ])('is told so when it answers with %s', async (_, word, answer) => {
    const check = 'unknown type 454';
    const [failed, ...others] = await failing(check, (request) =>
      request.type === 454 ? answer(request) : unknown(request),
    );
    expect(others).toEqual([]);
    expect(failed).toMatchObject({ suite: 'requests', section: 'wire 7', dialect: 2 });
    expect(failed!.case).toContain(check);
    expect(`${failed!.expected} ${failed!.got}`).toContain(word);
  });

  test('is told so when it goes on where it must end the connection', async () => {
    const peer = await wrongPeer(unknown, { lenient: true });
    closing.push(peer.close);
    const { failures } = await runTarget({ address: addressOf(peer.address), dialect: 2, only: 'noise is' });
    expect(failures).toMatchObject([
      { suite: 'framing', expected: 'the connection closed without a frame', got: 'a frame of 53 octets' },
    ]);
  });
});

describe('granary conformance --target', () => {
  test('tells of each check, and of the failures at the end', async () => {
    const peer = await wrongPeer((request) => errorReply(request, unknownMessageType(request.type)));
    closing.push(peer.close);
    const args = ['conformance', '--target', peer.address, '--dialect', '1', '--only', '402 lists'];
    const { exit, stdout } = await run({}, ...args, '--json');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(exit).toBe(6);
    expect(lines).toMatchObject([
      { event: 'check', suite: 'requests', verdict: 'failed', dialect: 1, section: 'wire 6' },
      {
        ok: true,
        result: {
          target: { address: peer.address, dialects: [1] },
          suites: [{ name: 'requests', passed: 0, failed: 1, skipped: 0 }],
          failures: [
            { suite: 'requests', section: 'wire 6', got: expect.stringContaining('unknown message') },
          ],
        },
      },
    ]);
    const people = await run({}, ...args);
    expect(people.stdout).toMatch(/requests +0 +1 +0\n.*\(wire 6, dialect 1\)\n {2}expected .*\n {2}got /);
  });

  test.each(['tcp', 'quic'])('a target over %s that is not there is no failure of a check', async (over) => {
    const { exit, stdout } = await run({}, 'conformance', '--target', `${over}://127.0.0.1:9`, '--json');
    expect(exit).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'E_PEER_UNREACHABLE' } });
  });

  test.each([
    ['--target', 'nowhere'],
    ['--target', 'tcp://127.0.0.1:9', '--dialect', '3'],
  ])('%s %s is refused before anything is dialled', async (...args) => {
    expect((await run({}, 'conformance', ...args)).exit).toBe(2);
  });
});
