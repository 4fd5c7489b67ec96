import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// It is what figures are held against: whoever doubts them has to read it in a minute.
test('the bare pump is 60 lines at most, and nothing of src/ is in it', () => {
  const text = readFileSync(new URL('../../bench/pump.ts', import.meta.url), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  expect(text).not.toMatch(/from '\.\.?\//);
});
