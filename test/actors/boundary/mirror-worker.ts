import { workerData } from 'node:worker_threads';
import { contracts } from '../../../src/actors/contracts.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import type { Contract } from '../../../src/supervisor/contract/contract.ts';
import type { FramePort } from '../../../src/supervisor/link/frame.ts';
import { portLink } from '../../../src/supervisor/link/port-link.ts';
import { LinkServer } from '../../../src/supervisor/runtime/link-server.ts';
import { Turns } from '../../../src/supervisor/runtime/turns.ts';
import { mirror } from './mirror.ts';

// The other side of the boundary: every contract served on a port of its own.
for (const [name, port] of Object.entries(workerData.ports as Record<string, FramePort>)) {
  const contract = contracts[name as keyof typeof contracts] as unknown as Contract;
  const crash = (error: unknown) => {
    throw error;
  };
  new LinkServer(contract, mirror(contract), portLink(port), 64, {
    clock: systemClock,
    crash,
    violated: crash,
    depth: () => {},
    turns: new Turns(),
  });
}
