import type { KnownPeerRow, PeerRow } from '../../../control-link/results.ts';
import { failure } from '../../../errors.ts';
import { formatAddress, parseAddress } from '../../../protocol/addresses/address.ts';
import { toHex } from '../../../protocol/crypto/bytes.ts';
import { shardOf } from '../../ask-peer.ts';
import { everyShard } from '../../every-shard.ts';
import type { KnownRow } from '../../pex/contract.ts';
import type { SessionInfo } from '../../transport/contract.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { instant } from './instant.ts';
import { pageOf } from './page-of.ts';

export const peers: AskOperation<'peers'> = async (refs, body, signal) => {
  const { rows, next } = pageOf(await allSessions(refs, signal), body);
  return { peers: rows.map(row), next };
};

export const knownPeers: AskOperation<'known_peers'> = async (refs, body, signal) => {
  const { rows, next } = pageOf(await refs.pex.ask('known', null, { signal }), body);
  return { peers: rows.map(knownRow), next };
};

export const connect: AskOperation<'connect'> = async (refs, body, signal) => {
  const parsed = parseAddress(body.address);
  if (!parsed.ok) {
    throw failure('E_ADDRESS_INVALID', `the ${parsed.reason} of the address is not valid`, {
      subject: body.address,
    });
  }
  const { nodeKey, ...place } = parsed.address;
  const address = formatAddress({ ...place, nodeKey: null });
  const target = { address, ...(nodeKey && { nodeKey: toHex(nodeKey) }) };
  return { peers: [row(await shardOf(refs.transport, target).ask('connect', target, { signal }))] };
};

/** Sessions of every shard; a shard that is being restarted has none. */
export async function allSessions(refs: ControlRefs, signal: AbortSignal): Promise<SessionInfo[]> {
  const sessions = await everyShard(refs.transport, (shard) => shard.ask('sessions', null, { signal }));
  signal.throwIfAborted();
  return sessions;
}

function knownRow({ nodeKey, seen, ...peer }: KnownRow): KnownPeerRow {
  return { ...peer, node_key: nodeKey, last_seen: instant(seen) };
}

function row(session: SessionInfo): PeerRow {
  return {
    node_id: session.nodeId,
    node_key: session.nodeKey,
    address: session.address,
    transport: session.transport,
    bound: session.bound,
    native: session.native,
    direction: session.direction,
    dialect: session.dialect,
    since: instant(session.since),
    bytes_up: session.bytesUp,
    bytes_down: session.bytesDown,
    rate_up: session.rateUp,
    rate_down: session.rateDown,
    capabilities: session.capabilities,
  };
}
