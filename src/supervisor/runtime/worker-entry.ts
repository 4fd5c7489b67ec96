import type { ActorModule } from '../contract/actor.ts';
import type { Contract } from '../contract/contract.ts';
import { beginLife } from './begin-life.ts';

// The first code of every worker whose actor has no file of its own for it (`ChildSpec.worker`).
await beginLife(async (birth) => {
  const { default: module } = (await import(birth.module)) as { default: ActorModule };
  const { contracts } = (await import(birth.contracts)) as { contracts: Record<string, Contract> };
  return { module, contracts };
});
