/** The peer broke the protocol: its session ends, and nothing else. */
export class PeerFault extends Error {
  override readonly name = 'PeerFault';
}
