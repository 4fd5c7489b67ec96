import { describe, expect, test } from 'vitest';
import { DIALECT_1, DIALECT_1_8, DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import { type DialAttempt, type DialOutcome, nextDial } from '../../../src/protocol/handshake/retry.ts';

/** What a node that speaks one form alone does with ours (the live matrix of SCP2P wire v2, section 0). */
function nodeOf(own: Dialect): (ours: Dialect) => DialOutcome {
  return (ours) => {
    if (ours.capabilityKeys !== own.capabilityKeys) return { kind: 'closed-before-hello' };
    if (ours.version !== own.version) return { kind: 'other-form', form: own };
    return { kind: 'served' };
  };
}

function dial(remembered: Dialect | null, peer: (form: Dialect) => DialOutcome) {
  const attempts: DialAttempt[] = [];
  for (;;) {
    const decision = nextDial(remembered, attempts);
    if (decision.kind !== 'dial') return { decision, forms: attempts.map((attempt) => attempt.form) };
    expect(attempts.length).toBeLessThan(3);
    attempts.push({ form: decision.form, outcome: peer(decision.form) });
  }
}

const FORMS = [DIALECT_1, DIALECT_1_8, DIALECT_2];

describe('choice of the form when dialling', () => {
  test('an unknown peer is tried with 2/8 first', () => {
    expect(nextDial(null, [])).toEqual({ kind: 'dial', form: DIALECT_2 });
  });

  test.each([
    [DIALECT_2, [DIALECT_2]],
    [DIALECT_1_8, [DIALECT_2, DIALECT_1_8]],
    [DIALECT_1, [DIALECT_2, DIALECT_1]],
  ] as const)('an unknown peer of %j is found', (form, forms) => {
    expect(dial(null, nodeOf(form))).toEqual({
      decision: { kind: 'connected', remember: form },
      forms,
    });
  });

  test('whatever is remembered, a peer of any form is found', () => {
    for (const remembered of FORMS) {
      for (const form of FORMS) {
        const { decision, forms } = dial(remembered, nodeOf(form));
        expect(decision).toEqual({ kind: 'connected', remember: form });
        expect(forms[0]).toBe(remembered);
      }
    }
  });

  test('a peer that closes on everything is left alone after one redial', () => {
    for (const remembered of [null, ...FORMS]) {
      const { decision, forms } = dial(remembered, () => ({ kind: 'closed-before-hello' }));
      expect(decision).toEqual({ kind: 'give-up', reason: 'closed' });
      expect(forms.length).toBeLessThanOrEqual(3);
    }
    expect(dial(null, () => ({ kind: 'closed-before-hello' })).forms).toEqual([DIALECT_2, DIALECT_1]);
  });

  test.each([
    ['closed-after-ack', 'busy'],
    ['no-answer', 'no-answer'],
    ['unreachable', 'unreachable'],
    ['refused', 'refused'],
  ] as const)('%s is no evidence of another form', (kind, reason) => {
    const { decision, forms } = dial(DIALECT_1, () => ({ kind }));
    expect(decision).toEqual({ kind: 'give-up', reason });
    expect(forms).toEqual([DIALECT_1]);
  });

  test('a peer that claims a new form each time ends the round', () => {
    let n = 0;
    const { decision } = dial(null, () => ({ kind: 'other-form', form: FORMS[n++ % 3]! }));
    expect(decision).toEqual({ kind: 'give-up', reason: 'closed' });
  });

  test('a remembered form that was stored and loaded counts as tried', () => {
    const stored = structuredClone(DIALECT_1);
    expect(dial(stored, () => ({ kind: 'closed-before-hello' })).forms).toEqual([stored, DIALECT_2]);
  });
});
