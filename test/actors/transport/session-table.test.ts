import { afterEach, describe, expect, test } from 'vitest';
import type { ShardContext } from '../../../src/actors/transport/context.ts';
import type { InboundSession } from '../../../src/actors/transport/inbound-session.ts';
import type { OutboundSession } from '../../../src/actors/transport/outbound-session.ts';
import { SessionTable } from '../../../src/actors/transport/session-table.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { FakeConnection } from './fake-connection.ts';

const clock = new ManualClock(1_000_000);
let table: SessionTable;
afterEach(() => table.close());

function start(maxSessions: number) {
  const config = { maxSessions, requestMs: 10_000, idleMs: 120_000 };
  table = new SessionTable({ clock, config, metrics: { set: () => {} } } as unknown as ShardContext);
}

/** A session that does something all the time, unless it is idle since some time. */
function session(remote: string, idleSince: number | null = null, direction: 'in' | 'out' = 'in') {
  const connection = new FakeConnection(remote);
  const made = { connection, direction, address: `tcp://${remote}`, idleSince, check: () => {} };
  if (direction === 'in') table.addInbound(made as unknown as InboundSession);
  else table.addOutbound(made as unknown as OutboundSession);
  return { over: () => connection.over !== null };
}

describe('room for one more', () => {
  test('is there below the limit, and made by the session idle longest', () => {
    start(3);
    const [busy, idle, idler] = [
      session('192.0.2.1:1'),
      session('192.0.2.1:2', 990_000),
      session('192.0.2.1:3', 980_000, 'out'),
    ];
    expect(table.makeRoom('192.0.2.1:9')).toBe(true);
    expect([busy.over(), idle.over(), idler.over()]).toEqual([false, false, true]);
    expect([table.size, table.outbound('tcp://192.0.2.1:3')]).toEqual([2, null]);
    expect(table.makeRoom(null)).toBe(true);
    expect(idle.over()).toBe(false);
  });

  test('is not made by one that did something just now', () => {
    start(2);
    session('192.0.2.1:1');
    session('192.0.2.1:2', clock.now() - 4_999);
    expect(table.makeRoom('192.0.2.1:9')).toBe(false);
  });

  test('is made by the neighbourhood that is far ahead, so that it cannot keep all others out', () => {
    start(30);
    const crowd = Array.from({ length: 20 }, (_, i) => session(`198.51.100.${i}:1`));
    const others = Array.from({ length: 10 }, (_, i) => session(`[2001:db8:${i}::1]:1`));
    // Nobody of the crowd itself gets room that way, nor does one whose own is not far behind.
    expect(table.makeRoom('198.51.100.77:1')).toBe(false);
    expect(table.makeRoom('203.0.113.1:1')).toBe(true);
    expect(crowd.map(({ over }) => over()).indexOf(true)).toBe(0);
    session('203.0.113.1:1');
    expect(table.makeRoom(null)).toBe(true);
    expect(crowd.filter(({ over }) => over())).toHaveLength(2);
    expect(others.some(({ over }) => over())).toBe(false);
    session('203.0.113.2:1');
    let came = 2;
    while (table.makeRoom('203.0.113.1:20')) session(`203.0.113.1:${++came}`);
    // Neither is far ahead any more.
    expect([came, crowd.filter(({ over }) => !over()).length]).toEqual([6, 14]);
    expect(table.size).toBe(30);
  });
});
