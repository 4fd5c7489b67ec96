import { LoneBridge } from '../../src/actors/quic/lone-bridge.ts';
import { failure } from '../../src/errors.ts';
import { type Address, formatAddress } from '../../src/protocol/addresses/address.ts';
import { toHex } from '../../src/protocol/crypto/bytes.ts';
import type { Failure, SuiteResult } from '../tally.ts';
import { CONNECT_MS, openTls, SocketChannel } from './channel.ts';
import { CHECK_MS, type Check } from './check.ts';
import { SUITES } from './suites.ts';
import { type Dial, Target } from './target.ts';
import { Mismatch, type Verdict, verdictOf } from './verdict.ts';

export interface TargetOptions {
  readonly address: Address;
  /** Absent: every dialect in which the target finishes a handshake. */
  readonly dialect?: 1 | 2 | undefined;
  /** Also what takes tens of seconds. */
  readonly slow?: boolean | undefined;
  /** Also what leaves a node that fails it damaged. */
  readonly harmful?: boolean | undefined;
  /** Suites and checks whose names contain it. */
  readonly only?: string | undefined;
  /** Hears of each check as it ends. */
  readonly onCheck?: (result: CheckResult) => void;
}

/** One check in one dialect. */
export interface CheckResult {
  readonly suite: string;
  readonly case: string;
  /** Of the protocol's description: `wire 7`, `wire v2 7`. */
  readonly section: string;
  readonly dialect: 1 | 2;
  readonly verdict: Verdict['kind'];
  /** Why it was skipped. */
  readonly reason?: string;
  readonly ms: number;
}

export interface TargetFailure extends Failure {
  readonly section: string;
  readonly dialect: 1 | 2;
}

export interface TargetResult {
  readonly target: {
    readonly address: string;
    readonly node_key: string | null;
    readonly dialects: readonly (1 | 2)[];
  };
  readonly suites: readonly SuiteResult[];
  readonly failures: readonly TargetFailure[];
  readonly checks: readonly CheckResult[];
  readonly seconds: number;
}

/**
 * Holds a node against the protocol from outside, as any peer meets it: connections of its own for every check, one after
 * another, each with a deadline. Nothing is supposed of the node but its address. What it stores of ours are invented
 * records that expire by themselves. Throws `E_PEER_UNREACHABLE` and
 * `E_PEER_DIALECT`, and `E_QUIC_UNAVAILABLE` for an address over QUIC where there is no engine for it.
 */
export async function runTarget(options: TargetOptions): Promise<TargetResult> {
  const { address } = options;
  if (address.transport === 'tcp') return runOver(openTls, options);
  const bridge = await LoneBridge.start();
  try {
    return await runOver(
      async ({ host, port }) => new SocketChannel(await bridge.dial(host, port, CONNECT_MS)),
      options,
    );
  } finally {
    await bridge.stop();
  }
}

async function runOver(dial: Dial, options: TargetOptions): Promise<TargetResult> {
  const started = performance.now();
  const { address } = options;
  const found = await dialectsOf(dial, address, options.dialect);
  const checks: CheckResult[] = [];
  const failures: TargetFailure[] = [];
  for (const dialect of found.dialects) {
    const target = new Target(address, dialect, dial);
    for (const [suite, check] of chosen(options, dialect)) {
      const { verdict, ms } = await runCheck(check, target);
      const place = { suite, case: check.name, section: check.section, dialect };
      const reason = verdict.kind === 'skipped' && { reason: verdict.reason };
      const result: CheckResult = { ...place, verdict: verdict.kind, ...reason, ms };
      checks.push(result);
      if (verdict.kind === 'failed') {
        failures.push({ ...place, expected: verdict.expected, got: verdict.got });
      }
      options.onCheck?.(result);
    }
  }
  return {
    target: { address: formatAddress(address), node_key: found.nodeKey, dialects: found.dialects },
    suites: sums(checks),
    failures,
    checks,
    seconds: (performance.now() - started) / 1000,
  };
}

function* chosen({ slow, harmful, only = '' }: TargetOptions, dialect: 1 | 2): Generator<[string, Check]> {
  for (const { name, checks } of SUITES) {
    for (const check of checks) {
      if (check.dialects && !check.dialects.includes(dialect)) continue;
      if ((check.slow && !slow) || (check.harmful && !harmful)) continue;
      if (name.includes(only) || check.name.includes(only)) yield [name, check];
    }
  }
}

async function runCheck(check: Check, target: Target): Promise<{ verdict: Verdict; ms: number }> {
  const started = performance.now();
  const deadlineMs = check.deadlineMs ?? CHECK_MS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Mismatch(`an end within ${deadlineMs} ms`, 'none')), deadlineMs);
  });
  try {
    const run = check.run(target);
    // A check that is late may still fail when its connections go.
    run.catch(() => {});
    return {
      verdict: await verdictOf(() => Promise.race([run, late])),
      ms: Math.round(performance.now() - started),
    };
  } finally {
    clearTimeout(timer);
    target.release();
  }
}

/** The dialects in which a handshake comes to its end, and the key that the node shows. Throws when there is none. */
async function dialectsOf(dial: Dial, address: Address, wanted: 1 | 2 | undefined) {
  const dialects: (1 | 2)[] = [];
  let nodeKey: string | null = null;
  let fault: Error | null = null;
  for (const dialect of wanted === undefined ? ([2, 1] as const) : [wanted]) {
    const target = new Target(address, dialect, dial);
    try {
      const session = await target.session();
      await session.stillServes();
      nodeKey = toHex(session.hello.nodeKey);
      dialects.push(dialect);
    } catch (error) {
      fault = error as Error;
    } finally {
      target.release();
    }
  }
  if (dialects.length === 0) {
    const spoke = (fault as Error | null) instanceof Mismatch;
    throw failure(
      spoke ? 'E_PEER_DIALECT' : 'E_PEER_UNREACHABLE',
      spoke
        ? `no handshake came to its end: ${(fault as Mismatch).message}`
        : ((fault as Error | null)?.message ?? 'no answer'),
      { subject: formatAddress(address) },
    );
  }
  return { dialects: dialects.sort(), nodeKey };
}

function sums(checks: readonly CheckResult[]): SuiteResult[] {
  const names = [...new Set(checks.map(({ suite }) => suite))];
  return names.map((name) => {
    const count = (verdict: Verdict['kind']) =>
      checks.filter((check) => check.suite === name && check.verdict === verdict).length;
    return { name, passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  });
}
