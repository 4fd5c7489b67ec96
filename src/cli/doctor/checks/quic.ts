import { findEngine } from '../../../quic-engine.ts';
import { type Check, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';

const NAME = 'quic';
const WITHOUT = 'peers that only UDP reaches are not reached';

/** Whether this machine speaks QUIC, and how the process of a running node does. */
export function quic({ settings, node }: Facts): Check {
  if (settings?.transport.policy === 'tcp-only') return ok(NAME, 'not wanted: transport.policy is tcp-only');
  if (node.state === 'running' && node.stats.quic) {
    const { state, engine, reason, restarts } = node.stats.quic;
    if (state === 'up' && restarts === 0) return ok(NAME, `the QUIC process of the node runs (${engine})`);
    if (state === 'up' || state === 'starting') {
      const ended = `the QUIC process of the node was restarted ${restarts} times; last: ${reason}`;
      return warn(NAME, ended, 'the log says more; TLS over TCP goes on meanwhile');
    }
    if (state === 'missing') return missing(reason);
  }
  const engine = findEngine();
  return engine.binary === null ? missing(engine.reason) : ok(NAME, 'QUIC is available');
}

const missing = (reason: string | null): Check =>
  warn(
    NAME,
    `no QUIC on this machine: ${reason}; ${WITHOUT}`,
    'npm install brings the package back, where there is one for this platform',
  );
