import { createSecureContext } from 'node:tls';
import { selfSigned } from '../../../bench/self-signed.ts';
import { ChunkBuffers } from '../../../src/actors/transport/chunk-buffers.ts';
import type { ConnectionHost } from '../../../src/actors/transport/connection.ts';
import { FrameMemory } from '../../../src/actors/transport/frame-memory.ts';
import { ShardCaps } from '../../../src/actors/transport/shard-caps.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';

/** What connections need of a shard, without one. */
export const connectionHost = (): ConnectionHost => ({
  clock: systemClock,
  log: createLog('silent', {}),
  buffers: new ChunkBuffers(),
  frames: new FrameMemory(),
  caps: new ShardCaps(systemClock, 0),
  secureContext: createSecureContext(selfSigned('ed25519')),
  connections: new Set(),
  received: () => {},
  sent: () => {},
  dropped: () => {},
});
