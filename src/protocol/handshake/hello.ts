import { field, id32, nullable, octetArray, textStruct, u16, u64 } from '../cbor/codec.ts';
import { Reader } from '../cbor/reader.ts';
import { Writer } from '../cbor/writer.ts';
import { concatBytes } from '../crypto/bytes.ts';
import { type SigningKey, sign } from '../crypto/ed25519.ts';
import { DIALECT_1, DIALECT_2, type Dialect } from '../dialect.ts';
import {
  type Capabilities,
  capabilitiesOf,
  type ReceivedCapabilities,
  writeCapabilities,
} from '../wire/capabilities.ts';

/** The one struct of all three handshake messages (SCP2P wire, section 4). */
export interface Hello {
  readonly nodeKey: Uint8Array;
  readonly capabilities: Capabilities;
  readonly nonce: Uint8Array;
  /** Null in the first message; the other side's nonce in the second and third. */
  readonly echoedNonce: Uint8Array | null;
  /** Seconds since 1970. */
  readonly timestamp: bigint;
  readonly protocolVersion: number;
  readonly ephemeralKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** A hello as it came: its capabilities say which form they had. */
export interface ReceivedHello extends Hello {
  readonly capabilities: ReceivedCapabilities;
}

function helloCodec(dialect: Dialect) {
  return textStruct<Hello>({
    nodeKey: field('node_pubkey', id32),
    capabilities: field('capabilities', capabilitiesOf(dialect)),
    nonce: field('nonce', id32),
    echoedNonce: nullable('echoed_nonce', id32),
    timestamp: field('timestamp_unix_secs', u64),
    protocolVersion: field('protocol_version', u16),
    ephemeralKey: field('ephemeral_pubkey', id32),
    signature: field('signature', octetArray),
  });
}

const fiveKeys = helloCodec(DIALECT_1);
const eightKeys = helloCodec(DIALECT_2);

/** Reads the body of a handshake frame of any form. Throws DecodeError. */
export function decodeHello(body: Uint8Array): ReceivedHello {
  const hello = eightKeys.read(new Reader(body)) as ReceivedHello;
  // The signature alone may be a view on the caller's buffer, which is reused for the next frame.
  return { ...hello, signature: Uint8Array.from(hello.signature) };
}

/** The body of a handshake frame with as many capability keys as the form has. */
export function encodeHello(hello: Hello, capabilityKeys: 5 | 8): Uint8Array {
  const w = new Writer(640);
  (capabilityKeys === 5 ? fiveKeys : eightKeys).write(w, hello);
  return w.finish();
}

/** What the signature covers: an array of the seven fields before it. */
export function helloSigningInput(hello: Omit<Hello, 'signature'>, capabilityKeys: 5 | 8): Uint8Array {
  const w = new Writer(512);
  w.array(7).byteArray(hello.nodeKey);
  writeCapabilities(w, hello.capabilities, capabilityKeys === 5 ? DIALECT_1 : DIALECT_2);
  w.byteArray(hello.nonce);
  if (hello.echoedNonce === null) w.null();
  else w.byteArray(hello.echoedNonce);
  w.uint(hello.timestamp).uint(hello.protocolVersion).byteArray(hello.ephemeralKey);
  return w.finish();
}

/** The hello of our own key in a dialect, signed. */
export function signHello(
  key: SigningKey,
  dialect: Dialect,
  fields: Pick<Hello, 'capabilities' | 'nonce' | 'echoedNonce' | 'timestamp' | 'ephemeralKey'>,
): Hello {
  const unsigned = { ...fields, nodeKey: key.publicKey, protocolVersion: dialect.version };
  const signature = sign(key.privateKey, helloSigningInput(unsigned, dialect.capabilityKeys));
  return { ...unsigned, signature };
}

/** A hello as it goes over the wire: four octets of length, big-endian, and the body. */
export function helloFrame(hello: Hello, dialect: Dialect): Uint8Array {
  const body = encodeHello(hello, dialect.capabilityKeys);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return concatBytes(length, body);
}
