import { chunks } from './chunks.ts';
import { heads } from './heads.ts';
import { hellos } from './hellos.ts';
import { manifests } from './manifests.ts';
import { names } from './names.ts';
import type { ProviderRow } from './rows.ts';

/** Everything that hostile providers and publishers do to a node that asks them. */
export const PROVIDERS: readonly ProviderRow[] = [...hellos, ...heads, ...manifests, ...chunks, ...names];
