import type { Codec } from '../cbor/codec.ts';
import { DecodeError } from '../cbor/decode-error.ts';
import { KnownNames } from '../cbor/known-names.ts';
import type { Reader } from '../cbor/reader.ts';
import type { Writer } from '../cbor/writer.ts';
import type { Dialect } from '../dialect.ts';

/** What a node says it does (SCP2P wire, section 4). Nobody may rely on it: it is signed, not checked. */
export interface Capabilities {
  readonly dht: boolean;
  readonly store: boolean;
  readonly relay: boolean;
  readonly contentSeed: boolean;
  readonly mobileLight: boolean;
  readonly communityPagedBrowse: boolean;
  readonly communitySearch: boolean;
  readonly communityDeltaSync: boolean;
}

/** Of a peer that does nothing for others. */
export const NO_CAPABILITIES: Capabilities = {
  dht: false,
  store: false,
  relay: false,
  contentSeed: false,
  mobileLight: false,
  communityPagedBrowse: false,
  communitySearch: false,
  communityDeltaSync: false,
};

/** Capabilities as they came: the missing ones of the last three are false. */
export interface ReceivedCapabilities extends Capabilities {
  /** 5 when none of the three keys of the later forms was there, 8 otherwise. */
  readonly keys: 5 | 8;
}

/** Order of the wire; the first five are in every dialect. */
const KEYS = [
  ['dht', 'dht'],
  ['store', 'store'],
  ['relay', 'relay'],
  ['content_seed', 'contentSeed'],
  ['mobile_light', 'mobileLight'],
  ['community_paged_browse', 'communityPagedBrowse'],
  ['community_search', 'communitySearch'],
  ['community_delta_sync', 'communityDeltaSync'],
] as const;

const REQUIRED = 5;
const names = new KnownNames(KEYS.map(([key]) => key));

/** Reads the map of any dialect. Throws DecodeError when one of the first five keys is missing. */
export function readCapabilities(r: Reader): ReceivedCapabilities {
  const found: boolean[] = [];
  r.eachKnownEntry(names, (place) => {
    found[place] = r.bool();
  });
  const value: Record<string, boolean | 5 | 8> = {};
  let keys: 5 | 8 = 5;
  KEYS.forEach(([key, property], index) => {
    const present = found[index];
    if (present === undefined && index < REQUIRED) throw new DecodeError(`missing field \`${key}\``);
    if (present !== undefined && index >= REQUIRED) keys = 8;
    value[property] = present ?? false;
  });
  value.keys = keys;
  return value as unknown as ReceivedCapabilities;
}

/** Writes the map with as many keys as the dialect has. */
export function writeCapabilities(w: Writer, capabilities: Capabilities, dialect: Dialect): void {
  w.map(dialect.capabilityKeys);
  for (const [key, property] of KEYS.slice(0, dialect.capabilityKeys)) {
    w.text(key).bool(capabilities[property]);
  }
}

/** Capabilities in the form of one dialect, for use inside other codecs. */
export function capabilitiesOf(dialect: Dialect): Codec<Capabilities> {
  return { read: readCapabilities, write: (w, value) => writeCapabilities(w, value, dialect) };
}
