import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RequestRates } from '../../../src/actors/transport/request-rates.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { rateClassOf } from '../../../src/protocol/wire/rate-class.ts';

const peer = (nodeKey: string, native = false, dialect = DIALECT_2) => ({ nodeKey, native, dialect });

/** What the next requests are refused with: the number let in before, and the text. */
function refusal(rates: RequestRates, of: ReturnType<typeof peer>, type: number, now = 0) {
  for (let served = 0; served < 5_000; served++) {
    const text = rates.admit(of, type, now);
    if (text !== null) return [served, text];
  }
  return null;
}

describe('requests of a minute', () => {
  test('have the limits of the network, each peer its own', () => {
    const rates = new RequestRates();
    expect(refusal(rates, peer('a'), 201)).toEqual([600, 'dht request rate limit exceeded']);
    expect(refusal(rates, peer('a'), 400)).toEqual([240, 'fetch request rate limit exceeded']);
    expect(refusal(rates, peer('a'), 450)).toEqual([180, 'relay request rate limit exceeded']);
    expect(refusal(rates, peer('a'), 414)).toEqual([120, 'community request rate limit exceeded']);
    expect(refusal(rates, peer('b'), 400)).toEqual([240, 'fetch request rate limit exceeded']);
  });

  test('1,200 in all; what has no class counts, and is not refused', () => {
    const rates = new RequestRates();
    const of = peer('a', false, DIALECT_1);
    expect(refusal(rates, of, 101)).toBeNull();
    expect(rates.admit(of, 200, 0)).toBe('request rate limit exceeded');
    expect(rates.admit(of, 101, 0)).toBeNull();
  });

  test('a hundred offers of peers, in every dialect and of Granary nodes as well', () => {
    for (const of of [peer('a'), peer('b', true), peer('c', false, DIALECT_1)]) {
      const rates = new RequestRates();
      expect(refusal(rates, of, 100)).toEqual([100, 'dht request rate limit exceeded']);
      expect(rates.admit(of, 101, 0)).toBeNull();
      expect(rates.admit(of, 100, 60_000)).toBeNull();
    }
  });

  test.each(['errors.json', 'v2/errors.json'])('are refused in the words of %s', (file) => {
    const { frames } = JSON.parse(readFileSync(`conformance/transcripts/${file}`, 'utf8'));
    const dialect = file.startsWith('v2') ? DIALECT_2 : DIALECT_1;
    let compared = 0;
    for (const { decoded } of frames) {
      const text: string = decoded.payload?.error_text ?? '';
      const kind = rateClassOf(decoded.type, dialect);
      if (!text.endsWith('rate limit exceeded') || text.startsWith('request') || kind === null) continue;
      const rates = new RequestRates();
      const of = peer('a', false, dialect);
      for (let i = 0; i < 600 && kind === 'chunk'; i++) rates.missed(of, `${i}`, 0);
      expect(refusal(rates, of, decoded.type)?.[1]).toBe(text);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(4);
  });

  test('the count starts anew a minute after its first', () => {
    const rates = new RequestRates();
    refusal(rates, peer('a'), 400, 5_000);
    expect(rates.admit(peer('a'), 400, 64_999)).not.toBeNull();
    expect(rates.admit(peer('a'), 400, 65_000)).toBeNull();
  });

  test('hash lists and chunks that are here do not count', () => {
    const rates = new RequestRates();
    expect(refusal(rates, peer('a'), 502)).toBeNull();
    expect(refusal(rates, peer('b', true), 400)).toEqual([240, 'fetch request rate limit exceeded']);
    expect(refusal(rates, peer('a'), 500)).toBeNull();
  });

  test('hash lists that are not here count, but for Granary nodes', () => {
    const rates = new RequestRates();
    for (let i = 0; i < 239; i++) rates.missedList(peer('a'), 0);
    expect(rates.admit(peer('a'), 502, 0)).toBeNull();
    rates.missedList(peer('a'), 0);
    expect(rates.admit(peer('a'), 502, 0)).toBe('fetch request rate limit exceeded');
    expect(rates.admit(peer('a', true), 502, 0)).toBeNull();
    expect(rates.admit(peer('a'), 400, 0)).toBeNull();
    expect(rates.admit(peer('b'), 502, 0)).toBeNull();
    expect(rates.admit(peer('a'), 502, 60_000)).toBeNull();
  });

  test('contents that are not here count, once for all their chunks in a row', () => {
    const rates = new RequestRates();
    for (let i = 0; i < 5_000; i++) rates.missed(peer('a'), 'the same', 0);
    expect(rates.admit(peer('a'), 500, 0)).toBeNull();
    for (let i = 0; i < 599; i++) rates.missed(peer('a'), i % 2 === 0 ? 'one' : 'other', 0);
    expect(rates.admit(peer('a'), 500, 0)).toBe('chunk request rate limit exceeded');
    expect(rates.admit(peer('b'), 500, 0)).toBeNull();
    expect(rates.admit(peer('a'), 500, 60_000)).toBeNull();
  });

  test('the table is bounded: the one that came first makes room', () => {
    const rates = new RequestRates();
    refusal(rates, peer('first'), 400);
    for (let i = 0; i < 9_999; i++) rates.admit(peer(`p${i}`), 400, 1);
    expect(rates.admit(peer('first'), 400, 2)).not.toBeNull();
    rates.admit(peer('one more'), 400, 2);
    expect(rates.admit(peer('first'), 400, 2)).toBeNull();
  });
});
