import { totalmem } from 'node:os';
import type { MemoryLimits } from './supervisor/tree/memory-watch.ts';

/** Below the sizes where a container or the kernel ends the whole process, which no supervisor survives. */
const SHED = 0.6;
const CUT = 0.85;
const PATIENCE_MS = 10_000;

/** Limits by the memory this process may have: the container's where there is one, else the machine's. */
export function memoryLimits(): MemoryLimits {
  const constrained = process.constrainedMemory();
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { shedBytes: total * SHED, cutBytes: total * CUT, patienceMs: PATIENCE_MS };
}
