import { type Address, formatAddress, parseAddress } from '../addresses/address.ts';
import { bytesEqual, concatBytes } from '../crypto/bytes.ts';
import { shareIdOf } from '../objects/ids.ts';

/** What a link to a share (or to a community, which has the same form) says (SCP2P wire, section 17). */
export interface ShareLink {
  readonly shareId: Uint8Array;
  readonly sharePubkey: Uint8Array;
  /** Where to ask, with the node's key where the link pins it. */
  readonly bootstrap: readonly Address[];
}

export type ShareLinkFault =
  | 'too-long'
  /** It does not begin with `scp2p://s/`. */
  | 'scheme'
  /** Not 64 octets of base64url. */
  | 'payload'
  /** The id is not that of the key: the link was altered, or made wrong. */
  | 'wrong-share-id';

export type ShareLinkResult =
  | {
      readonly ok: true;
      readonly link: ShareLink;
      /** Bootstrap texts that are no address; the rest of the link is good without them. */
      readonly ignored: readonly string[];
    }
  | { readonly ok: false; readonly reason: ShareLinkFault };

const PREFIX = 'scp2p://s/';
/** Id and key. */
const PAYLOAD_LENGTH = 64;
/** Characters of 64 octets in base64url without padding. */
const PAYLOAD_TEXT = 86;
/** Room for the bootstrap addresses; more is no link that anybody passes on. */
const MAX_LENGTH = 8192;
export const MAX_LINK_BOOTSTRAP = 16;

/** A link whose bootstrap addresses pin the keys of their nodes. Throws RangeError for more than 16 of them. */
export function formatShareLink(sharePubkey: Uint8Array, bootstrap: readonly Address[] = []): string {
  if (bootstrap.length > MAX_LINK_BOOTSTRAP) throw new RangeError('too many bootstrap addresses for a link');
  const payload = Buffer.from(concatBytes(shareIdOf(sharePubkey), sharePubkey)).toString('base64url');
  if (bootstrap.length === 0) return PREFIX + payload;
  return `${PREFIX}${payload}?bp=${encodeURIComponent(bootstrap.map(formatAddress).join(','))}`;
}

/** Reads a link of the reference or of ours. Surrounding white space and padding are allowed. */
export function parseShareLink(text: string): ShareLinkResult {
  if (text.length > MAX_LENGTH) return { ok: false, reason: 'too-long' };
  const link = text.trim();
  if (!link.startsWith(PREFIX)) return { ok: false, reason: 'scheme' };
  const query = link.indexOf('?');
  const payload = decodePayload(link.slice(PREFIX.length, query < 0 ? undefined : query));
  if (payload === null) return { ok: false, reason: 'payload' };
  const shareId = payload.slice(0, 32);
  const sharePubkey = payload.slice(32);
  // The reference does not check this; it subscribes by the id alone.
  if (!bytesEqual(shareIdOf(sharePubkey), shareId)) return { ok: false, reason: 'wrong-share-id' };
  const { bootstrap, ignored } = parseBootstrap(query < 0 ? '' : link.slice(query + 1));
  return { ok: true, link: { shareId, sharePubkey, bootstrap }, ignored };
}

function decodePayload(text: string): Uint8Array | null {
  let end = text.length;
  while (end > PAYLOAD_TEXT && text[end - 1] === '=') end--;
  const bare = text.slice(0, end);
  const payload = new Uint8Array(Buffer.from(bare, 'base64url'));
  // Buffer skips what is no base64url; encoding again shows whether it did, and whether the spare bits are zero.
  const again = Buffer.from(payload).toString('base64url');
  return payload.length === PAYLOAD_LENGTH && again === bare ? payload : null;
}

function parseBootstrap(query: string): { bootstrap: Address[]; ignored: string[] } {
  const bootstrap: Address[] = [];
  const ignored: string[] = [];
  const once = new URLSearchParams(query).get('bp') ?? '';
  for (const text of decodeAgain(once).split(',', MAX_LINK_BOOTSTRAP)) {
    if (text.trim() === '') continue;
    const parsed = parseAddress(text);
    if (parsed.ok) bootstrap.push(parsed.address);
    else ignored.push(text);
  }
  return { bootstrap, ignored };
}

/** The reference decodes the value twice. What decodes only once is taken as it is. */
function decodeAgain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
