import { publishContract } from '../../../src/actors/publish/contract.ts';

// Publishes nothing, and says so.
export default {
  contract: publishContract,
  start: () => ({ handlers: { wire: () => ({ error: 'nothing here' }) } }),
};
