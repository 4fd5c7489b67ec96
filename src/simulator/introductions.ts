import type { contracts } from '../actors/contracts.ts';
import type { PeerMet } from '../actors/peer-met.ts';
import type { WireReply, WireRequest } from '../actors/wire-request.ts';
import { formatAddress, fromPeerAddr, parseAddress, toPeerAddr } from '../protocol/addresses/address.ts';
import { UNSUPPORTED_MESSAGE_TYPE } from '../protocol/wire/errors.ts';
import { PEX_OFFER } from '../protocol/wire/message-types.ts';
import { decodeRequest, encodeReply, encodeRequest } from '../protocol/wire/registry.ts';
import { type ActorModule, actorsOf } from '../supervisor/contract/actor.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import { ask, configOf, defineContract, tell } from '../supervisor/contract/contract.ts';

/** Peers that a node remembers to have told. */
const MAX_TOLD = 512;

const contract = defineContract({
  name: 'pex',
  uses: ['transport', 'dht'],
  config: configOf<{ own: string | null }>(),
  messages: {
    met: tell<PeerMet>(),
    wire: ask<WireRequest, WireReply>(),
    sources: ask<{ limit: number }, readonly string[]>(),
  },
});

/**
 * In the place of the exchange of peers, the one thing of it that a DHT cannot do without, at the least cost: whoever
 * dials a node tells it where it can be dialled itself, and that node tells its DHT. For networks of thousands.
 */
export const introductions: ActorModule = actorsOf<typeof contracts, 'transport'>()(
  contract,
  ({ config, refs, spawn }) => {
    const told = new Set<string>();
    const own = config.own === null ? null : parseAddress(config.own);
    const peers = own?.ok ? [toPeerAddr(own.address)!] : [];
    const offer = encodeRequest(PEX_OFFER, { peers });
    const remember = (nodeKey: string) => {
      if (told.size >= MAX_TOLD) told.delete(told.values().next().value!);
      told.add(nodeKey);
    };
    return {
      handlers: {
        met({ direction, nodeKey, address }) {
          if (direction === 'in' || peers.length === 0 || told.has(nodeKey)) return;
          remember(nodeKey);
          spawn(async () => {
            try {
              const peer = { address, nodeKey };
              await refs.transport.route(nodeKey).ask('request', { peer, type: PEX_OFFER, payload: offer });
            } catch (error) {
              if (!(error instanceof ActorError)) throw error;
            }
          });
        },
        sources: () => [],
        wire({ type, payload, peer }) {
          if (type !== PEX_OFFER) return { error: UNSUPPORTED_MESSAGE_TYPE };
          const addresses = decodeRequest(PEX_OFFER, payload).peers.flatMap((each) => {
            const address = fromPeerAddr(each);
            return address === null ? [] : [formatAddress(address)];
          });
          // It dialled this node, so it knows where that is.
          remember(peer.nodeKey);
          refs.dht.tell('learnt', { addresses, from: peer.nodeKey });
          return { payload: encodeReply(PEX_OFFER, null) };
        },
      },
    };
  },
);
