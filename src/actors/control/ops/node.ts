import { failure } from '../../../errors.ts';
import type { NodeStatus } from '../../supervisor/contract.ts';
import type { AskOperation } from '../operation.ts';
import { allSessions } from './peers.ts';
import { treeRow } from './tree-row.ts';

export const id: AskOperation<'id'> = async (refs, _body, signal) => {
  const [identity, addresses, status] = await Promise.all([
    refs.store.ask('identity', null, { signal }),
    refs.acceptor.ask('addresses', null, { signal }),
    refs.supervisor.ask('status', null, { signal }),
  ]);
  return {
    node_id: identity.nodeId,
    node_key: identity.nodeKey,
    addresses: addresses.advertised,
    bound: addresses.bound,
    version: status.version,
  };
};

export const stats: AskOperation<'stats'> = async (refs, _body, signal) => {
  const [status, sizes, identity, addresses, sessions, quic] = await Promise.all([
    refs.supervisor.ask('status', null, { signal }),
    refs.supervisor.ask('memory', null, { signal }),
    refs.store.ask('identity', null, { signal }),
    refs.acceptor.ask('addresses', null, { signal }),
    allSessions(refs, signal),
    // A part that is being restarted is no reason to tell nothing of the others.
    refs.quic.ask('status', null, { signal }).catch(() => null),
  ]);
  const { version, pid, home, actors, tree, memory, cpu, uptime } = status;
  const total = (metric: string) => sumOf(actors, metric);
  return {
    node: {
      node_id: identity.nodeId,
      node_key: identity.nodeKey,
      version,
      pid,
      home,
      addresses: addresses.advertised,
    },
    actors: actors.map((actor) => ({ ...actor, memory: sizes[actor.name] ?? 0 })),
    tree: treeRow(tree),
    bytes: {
      up: total('bytes_up'),
      down: total('bytes_down'),
      disk_read: total('disk_read'),
      disk_written: total('disk_written'),
    },
    rates: {
      up: sessions.reduce((sum, session) => sum + session.rateUp, 0),
      down: sessions.reduce((sum, session) => sum + session.rateDown, 0),
    },
    sessions: sessions.length,
    transports: {
      tcp: sessions.filter(({ transport }) => transport === 'tcp').length,
      quic: sessions.filter(({ transport }) => transport === 'quic').length,
    },
    quic,
    memory,
    cpu,
    uptime,
  };
};

/** Begins the stop; the answer is on its way before the socket closes. */
export const stop: AskOperation<'stop'> = async (refs, _body, signal) => {
  const { pid } = await refs.supervisor.ask('status', null, { signal });
  if (!refs.supervisor.tell('stop', null)) throw failure('E_BUSY', 'the supervisor takes no message now');
  return { pid };
};

/** The transport shards alone count bytes: their sum is the node's. */
function sumOf(actors: NodeStatus['actors'], metric: string): number {
  return actors
    .filter((actor) => actor.name.startsWith('transport'))
    .reduce((sum, actor) => sum + (actor.metrics[metric] ?? 0), 0);
}
