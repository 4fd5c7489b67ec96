import { toHex } from '../../../../src/protocol/crypto/bytes.ts';
import { sha256 } from '../../../../src/protocol/crypto/sha256.ts';
import { DIALECT_1, DIALECT_2, type Dialect } from '../../../../src/protocol/dialect.ts';
import { nodeIdOf } from '../../../../src/protocol/objects/ids.ts';
import { FIND_NODE, FIND_VALUE, STORE } from '../../../../src/protocol/wire/message-types.ts';
import { decodeRequest, encodeReply } from '../../../../src/protocol/wire/registry.ts';
import type { Net, NetPeer } from '../world.ts';

/** A node that keeps what it is given, the last one under each key, and writes down when. It names nobody. */
export class ReceiverPeer implements NetPeer {
  readonly nodeKey: string;
  readonly id: Uint8Array;
  readonly address: string;
  readonly dialect: Dialect;
  readonly native: boolean;
  readonly values = new Map<string, Uint8Array>();
  readonly stores: { at: number; key: string }[] = [];
  readonly counts = new Map<number, number>();
  /** What it answers to STORE; null: it takes it. */
  refusal: (count: number, key: string) => string | null = () => null;
  readonly #net: Net;

  constructor(net: Net, number: number, native: boolean) {
    this.#net = net;
    this.native = native;
    this.dialect = native ? DIALECT_2 : DIALECT_1;
    this.nodeKey = toHex(sha256(Buffer.from(`receiver ${number}`)));
    this.id = nodeIdOf(Buffer.from(this.nodeKey, 'hex'));
    this.address = `tcp://127.8.${number >> 8}.${number & 255}:7001`;
    net.peers.set(this.address, this);
  }

  async serve(type: number, payload: Uint8Array) {
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    if (type === FIND_NODE) return { payload: encodeReply(FIND_NODE, { peers: [] }) };
    if (type === STORE) {
      const { key, value } = decodeRequest(STORE, payload);
      const error = this.refusal(this.counts.get(STORE)!, toHex(key));
      this.stores.push({ at: this.#net.clock.now(), key: toHex(key) });
      if (error !== null) return { error };
      this.values.set(toHex(key), new Uint8Array(value));
      return { payload: new Uint8Array(0) };
    }
    const { key } = decodeRequest(FIND_VALUE, payload);
    const value = this.values.get(toHex(key));
    const found = value === undefined ? null : { key, value, ttlSecs: 60n };
    return { payload: encodeReply(FIND_VALUE, { value: found, closerPeers: [] }) };
  }
}
