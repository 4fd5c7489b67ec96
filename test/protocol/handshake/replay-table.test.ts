import { describe, expect, test } from 'vitest';
import { createReplayTable, REPLAY_WINDOW_SECONDS } from '../../../src/protocol/handshake/replay-table.ts';

function nonce(n: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

describe('the replay table', () => {
  test('admits a nonce once within the window, and again after it', () => {
    const table = createReplayTable();
    expect(table.admit(nonce(1), 1000)).toBe(true);
    expect(table.admit(nonce(1), 1000 + REPLAY_WINDOW_SECONDS)).toBe(false);
    expect(table.admit(nonce(1), 1001 + REPLAY_WINDOW_SECONDS)).toBe(true);
  });

  test('never holds more than its capacity; the oldest goes', () => {
    const table = createReplayTable(3);
    for (let i = 0; i < 5; i++) expect(table.admit(nonce(i), 1000)).toBe(true);
    expect(table.size).toBe(3);
    expect(table.admit(nonce(4), 1000)).toBe(false);
    expect(table.admit(nonce(0), 1000)).toBe(true);
  });

  test('what is past the window is dropped', () => {
    const table = createReplayTable();
    for (let i = 0; i < 100; i++) table.admit(nonce(i), 1000);
    table.admit(nonce(100), 1001 + REPLAY_WINDOW_SECONDS);
    expect(table.size).toBe(1);
  });

  test('a clock that jumps back keeps what was seen', () => {
    const table = createReplayTable();
    table.admit(nonce(1), 5000);
    expect(table.admit(nonce(1), 10)).toBe(false);
  });
});
