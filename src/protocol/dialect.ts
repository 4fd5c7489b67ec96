/**
 * The form of the protocol that two nodes speak with each other: the version in the hello and the number of keys in the
 * capabilities map (SCP2P wire v2, section 0). It belongs to a session and never changes within one.
 */
export interface Dialect {
  readonly version: 1 | 2;
  readonly capabilityKeys: 5 | 8;
}

/** Reference 0.3.2. */
export const DIALECT_1: Dialect = Object.freeze({ version: 1, capabilityKeys: 5 });
/** Reference 0.4.0: version 1 in the hello, everything else as in dialect 2. */
export const DIALECT_1_8: Dialect = Object.freeze({ version: 1, capabilityKeys: 8 });
/** Reference 0.5.0 and 0.6.0. */
export const DIALECT_2: Dialect = Object.freeze({ version: 2, capabilityKeys: 8 });

/** The dialect with this version and number of capability keys, or null if nobody speaks it. */
export function dialectOf(version: number, capabilityKeys: 5 | 8): Dialect | null {
  if (version === 2) return capabilityKeys === 8 ? DIALECT_2 : null;
  if (version !== 1) return null;
  return capabilityKeys === 8 ? DIALECT_1_8 : DIALECT_1;
}

/** The messages that came with the eight capability keys: community pages, search and events. */
const FIRST_TYPE_OF_8_KEYS = 410;
const LAST_TYPE_OF_8_KEYS = 417;

/** Whether a node of this dialect knows the message type at all; the others answer "unknown message type". */
export function dialectKnowsType(dialect: Dialect, type: number): boolean {
  return dialect.capabilityKeys === 8 || type < FIRST_TYPE_OF_8_KEYS || type > LAST_TYPE_OF_8_KEYS;
}
