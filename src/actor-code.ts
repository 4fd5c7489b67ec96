import { existsSync } from 'node:fs';
import { siblingModule } from './supervisor/tree/module-url.ts';
import type { ChildSpec } from './supervisor/tree/tree-spec.ts';

/** Where the contracts of all actors are. */
export const CONTRACTS: URL = siblingModule(import.meta.url, './actors/contracts');

/** Where the code of the actor of that name is; in the published package, also all that its worker loads in one file. */
export function actorCode(name: string): Pick<ChildSpec, 'module' | 'worker'> {
  const module = siblingModule(import.meta.url, `./actors/${name}/actor`);
  const worker = siblingModule(import.meta.url, `./actors/${name}/worker`);
  return { module, ...(existsSync(worker) && { worker }) };
}
