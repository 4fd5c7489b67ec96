import { expect, test } from 'vitest';
import { bindingFault } from '../../../src/actors/transport/session-binding.ts';

test('who wants bound peers refuses those that neither TLS nor sealing binds, over either transport', () => {
  for (const transport of ['tcp', 'quic'] as const) {
    expect(bindingFault('none', { transport }, true)).toMatch(/refused/);
    expect(bindingFault('none', { transport }, false)).toBeNull();
    for (const bound of ['tls', 'sealed'] as const)
      expect(bindingFault(bound, { transport }, true)).toBeNull();
  }
});
