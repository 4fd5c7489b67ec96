import { type Codec, encodeWith } from '../../src/protocol/cbor/codec.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { DIALECT_1, DIALECT_2 } from '../../src/protocol/dialect.ts';
import { decodeHello, encodeHello, helloSigningInput } from '../../src/protocol/handshake/hello.ts';
import { communityMembers } from '../../src/protocol/objects/community-members.ts';
import { manifest, manifestIdPreimage, manifestSigningInput } from '../../src/protocol/objects/manifest.ts';
import { membershipToken, membershipTokenSigningInput } from '../../src/protocol/objects/membership-token.ts';
import {
  type RelayAnnouncement,
  readRelayAnnouncement,
  relayAnnouncementSigningInput,
  writeRelayAnnouncement,
} from '../../src/protocol/objects/relay-announcement.ts';
import { shareHead, shareHeadSigningInput } from '../../src/protocol/objects/share-head.ts';
import {
  type Capabilities,
  capabilitiesOf,
  type ReceivedCapabilities,
} from '../../src/protocol/wire/capabilities.ts';
import { peerAddr } from '../../src/protocol/wire/peer-addr.ts';

type Rebuild = (octets: Uint8Array) => Uint8Array;

/** How an entry of the table is made again: from which entry, and how. */
export interface Derivation {
  readonly from: string;
  readonly rebuild: Rebuild;
}

const again =
  <T>(codec: Codec<T>): Rebuild =>
  (octets) =>
    encodeWith(codec, codec.read(new Reader(octets)));
const derive =
  <T>(codec: Codec<T>, make: (value: T) => Uint8Array): Rebuild =>
  (octets) =>
    make(codec.read(new Reader(octets)));

const formOf = (received: ReceivedCapabilities) => (received.keys === 5 ? DIALECT_1 : DIALECT_2);

const capabilities: Codec<Capabilities> = {
  read: capabilitiesOf(DIALECT_1).read,
  write: (w, value) => capabilitiesOf(formOf(value as ReceivedCapabilities)).write(w, value),
};
const announcement: Codec<RelayAnnouncement> = {
  read: readRelayAnnouncement,
  write: (w, value) => writeRelayAnnouncement(w, value, formOf(value.capabilities)),
};

/** Objects by the first word of an entry's name. */
const OBJECTS: Readonly<Record<string, { readonly full: Rebuild; readonly signing?: Rebuild }>> = {
  capabilities: { full: again(capabilities) },
  peer_addr: { full: again(peerAddr) },
  community_members: { full: again(communityMembers) },
  share_head: { full: again(shareHead), signing: derive(shareHead, shareHeadSigningInput) },
  membership_token: {
    full: again(membershipToken),
    signing: derive(membershipToken, membershipTokenSigningInput),
  },
  relay_announcement: {
    full: again(announcement),
    signing: derive(announcement, (a) => relayAnnouncementSigningInput(a, formOf(a.capabilities))),
  },
};

const helloAgain: Rebuild = (octets) => {
  const hello = decodeHello(octets);
  return encodeHello(hello, hello.capabilities.keys);
};
const helloInput: Rebuild = (octets) => {
  const hello = decodeHello(octets);
  return helloSigningInput(hello, hello.capabilities.keys);
};

/**
 * How the entry of this name is made again, or null if it is none of the objects: from itself, or, what is signed or
 * hashed, from the whole object, which stands beside it under a similar name.
 */
export function objectDerivation(name: string, has: (name: string) => boolean): Derivation | null {
  const words = name.split('.');
  if (words[0] === 'handshake') return helloDerivation(name, words);
  if (words.includes('manifest')) return manifestDerivation(name, words, has);
  const object = Object.hasOwn(OBJECTS, words[0] as string) ? OBJECTS[words[0] as string] : undefined;
  const last = words.at(-1) as string;
  if (object === undefined || last.startsWith('capacity')) return null;
  if (last !== 'signing') return { from: name, rebuild: object.full };
  const stem = words.slice(0, -1).join('.');
  const from = [`${stem}.full`, `${stem}.sig5a`].find(has);
  return from === undefined || object.signing === undefined ? null : { from, rebuild: object.signing };
}

/** `handshake.hello.KIND.sig5a` and `handshake.signing.KIND`. */
function helloDerivation(name: string, [, what, kind]: readonly string[]): Derivation | null {
  if (what === 'hello') return { from: name, rebuild: helloAgain };
  return what === 'signing' ? { from: `handshake.hello.${kind}.sig5a`, rebuild: helloInput } : null;
}

/** `manifest.full.sig5a`, `manifest.unsigned`, `manifest.id_preimage.sig5a`, or the same without the last word. */
function manifestDerivation(
  name: string,
  words: readonly string[],
  has: (name: string) => boolean,
): Derivation | null {
  const stem = words.slice(0, words.indexOf('manifest') + 1).join('.');
  const kind = words[words.indexOf('manifest') + 1];
  if (kind === 'full') return { from: name, rebuild: again(manifest) };
  const from = [`${stem}.full`, `${stem}.full.sig5a`].find(has);
  if (from === undefined) return null;
  if (kind === 'unsigned') return { from, rebuild: derive(manifest, manifestSigningInput) };
  return kind === 'id_preimage' ? { from, rebuild: derive(manifest, manifestIdPreimage) } : null;
}
