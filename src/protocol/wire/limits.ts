/** Octets of an envelope frame, without its length prefix (SCP2P wire, section 2). */
export const MAX_FRAME = 2 * 1024 * 1024;
/** Octets of an envelope's payload that every node accepts. */
export const MAX_PAYLOAD = 1024 * 1024;
/** Octets of a frame of the handshake. */
export const MAX_HANDSHAKE_FRAME = 64 * 1024;
/** Octets of the big-endian length in front of every frame. */
export const LENGTH_PREFIX = 4;
