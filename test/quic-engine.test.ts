import { expect, test } from 'vitest';
import { findEngine } from '../src/quic-engine.ts';

test('the engine is in the package of this platform, or there is a reason', () => {
  const resolve = (name: string) => {
    if (name.startsWith('@deno/linux-x64-glibc/')) return import.meta.filename;
    throw new Error('not found');
  };
  expect(findEngine('linux', 'x64', resolve)).toMatchObject({
    binary: null,
    reason: expect.stringContaining('no binary'),
  });
  expect(findEngine('linux', 'riscv64', resolve)).toEqual({
    binary: null,
    reason: 'the optional package @deno/linux-riscv64-glibc is not installed',
  });
  expect(findEngine('darwin', 'arm64', resolve).reason).toContain('@deno/darwin-arm64');
  expect(findEngine('win32', 'x64', resolve)).toMatchObject({ binary: null });
});
