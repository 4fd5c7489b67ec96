import { formatAddress } from '../protocol/addresses/address.ts';
import { formatIp } from '../protocol/addresses/ip.ts';
import { toHex } from '../protocol/crypto/bytes.ts';
import { sha256 } from '../protocol/crypto/sha256.ts';
import { nodeIdOf } from '../protocol/objects/ids.ts';
import { Random } from '../supervisor/testing/random.ts';

/** Who a simulated node is, and where it is. A function of the seed and its number. */
export interface NodeIdentity {
  /** Its number in the network, from 0. */
  readonly index: number;
  /** 64 hex. Nobody holds a private key to it: what a node signs with it is refused by whoever checks. */
  readonly nodeKey: string;
  /** 40 hex. */
  readonly nodeId: string;
  /** `tcp://ip:port` */
  readonly address: string;
  /** Others can dial it. False: it is behind a NAT, and can only dial. */
  readonly reachable: boolean;
  /** Where it lies on the map that delays are measured on, each from 0 to 1. */
  readonly place: readonly [x: number, y: number];
  /** One way from it to the network, milliseconds. */
  readonly accessMs: number;
}

export interface IdentityOptions {
  readonly reachable?: boolean;
  /** Four octets; default: a public address of its own. */
  readonly ip?: Uint8Array;
  readonly port?: number;
  /** 32 octets; default: a hash of seed and number. */
  readonly nodeKey?: Uint8Array;
}

const PORT = 7001;
/** The fastest and the slowest line to the network. */
const ACCESS_MS = [1, 20] as const;

/** The node with this number. Different numbers have different keys and addresses. */
export function identityOf(seed: number, index: number, options: IdentityOptions = {}): NodeIdentity {
  const random = new Random(seed ^ Math.imul(index + 1, 0x9e3779b1));
  const nodeKey = options.nodeKey ?? keyOf(seed, index);
  return {
    index,
    nodeKey: toHex(nodeKey),
    nodeId: toHex(nodeIdOf(nodeKey)),
    address: formatAddress({
      transport: 'tcp',
      host: formatIp(options.ip ?? publicIp(seed, index)),
      port: options.port ?? PORT,
      nodeKey: null,
    }),
    reachable: options.reachable ?? true,
    place: [random.next(), random.next()],
    accessMs: random.between(...ACCESS_MS),
  };
}

/** 32 octets that look like a key and cost no curve. */
export function keyOf(seed: number, index: number): Uint8Array {
  const name = Buffer.alloc(16);
  name.writeDoubleBE(seed, 0);
  name.writeDoubleBE(index, 8);
  return sha256(name);
}

/** First octets of addresses that are all public. */
const FIRST_OCTET = 20;
const FIRST_OCTETS = 75;
const PUBLIC_ADDRESSES = FIRST_OCTETS * 2 ** 24;
/** Prime to the number of addresses: neighbours by number are far apart, and none is met twice. */
const STRIDE = 382_321_981;

function publicIp(seed: number, index: number): Uint8Array {
  const at = Number(
    (BigInt(seed >>> 0) * 7_919n + BigInt(index) * BigInt(STRIDE)) % BigInt(PUBLIC_ADDRESSES),
  );
  return Uint8Array.of(FIRST_OCTET + Math.floor(at / 2 ** 24), (at >>> 16) & 255, (at >>> 8) & 255, at & 255);
}
