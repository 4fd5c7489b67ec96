import { reachOfAddress } from '../../protocol/addresses/may-dial.ts';

/** Whether an own address means anything to a peer over there: that of a private network does inside of one. */
export function meansAnything(own: string, peerAddress: string): boolean {
  const mine = reachOfAddress(own);
  return mine === 'public' || mine === reachOfAddress(peerAddress);
}
