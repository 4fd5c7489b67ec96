import { parseAddress, toPeerAddr } from '../../protocol/addresses/address.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import type { Dialect } from '../../protocol/dialect.ts';
import { type NodeId, targetOf } from '../../protocol/objects/ids.ts';
import type { Store } from '../../protocol/wire/dht.ts';
import { UNSUPPORTED_MESSAGE_TYPE, undecodable } from '../../protocol/wire/errors.ts';
import { FIND_NODE, FIND_VALUE, STORE } from '../../protocol/wire/message-types.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import { decodeReply, decodeRequest, encodeReply } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { DhtContext } from './context.ts';
import { K, type RoutingTable, type TableEntry } from './routing-table.ts';

const NOT_TAKEN = 'this node keeps no values for others';

/** What peers ask of the DHT. */
export class WireAnswers {
  readonly #context: DhtContext;
  readonly #table: RoutingTable;

  constructor(context: DhtContext, parts: { table: RoutingTable }) {
    this.#context = context;
    this.#table = parts.table;
  }

  async answer(request: WireRequest): Promise<WireReply> {
    const { type, payload, peer } = request;
    try {
      switch (type) {
        case FIND_NODE: {
          const { targetNodeId } = decodeRequest(FIND_NODE, payload);
          return { payload: encodeReply(FIND_NODE, { peers: this.#closest(targetNodeId, peer) }) };
        }
        case FIND_VALUE: {
          const { key } = decodeRequest(FIND_VALUE, payload);
          const value = await this.#ownValue(request);
          const closerPeers = this.#closest(targetOf(key), peer);
          return { payload: encodeReply(FIND_VALUE, { value, closerPeers }) };
        }
        case STORE:
          decodeRequest(STORE, payload);
          return { error: NOT_TAKEN };
        default:
          return { error: UNSUPPORTED_MESSAGE_TYPE };
      }
    } catch (error) {
      if (error instanceof DecodeError) return { error: undecodable(error) };
      throw error;
    }
  }

  /** Heads and manifests that this node has anyway. */
  async #ownValue(request: WireRequest): Promise<Store | null> {
    try {
      const reply = await this.#context.refs.store.ask('wire', request);
      return 'error' in reply ? null : decodeReply(FIND_VALUE, reply.payload).value;
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      return null;
    }
  }

  #closest(target: NodeId, asker: WireRequest['peer']): PeerAddr[] {
    const may = (entry: TableEntry) =>
      entry.contact.nodeKey !== asker.nodeKey && canDial(asker.dialect, entry);
    return this.#table.closest(target, K, may).flatMap(({ contact }) => {
      const parsed = parseAddress(contact.address);
      const peer = parsed.ok ? toPeerAddr(parsed.address) : null;
      return peer === null ? [] : [{ ...peer, pubkeyHint: fromHex(contact.nodeKey, 32) }];
    });
  }
}

/** Granary nodes speak every form; all others only their own. */
const canDial = (dialect: Dialect, { native, dialect: theirs }: TableEntry): boolean =>
  native || theirs === `${dialect.version}/${dialect.capabilityKeys}`;
