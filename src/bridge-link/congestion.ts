import { scopeOfHost } from '../protocol/addresses/scope.ts';
import type { Congestion } from './preamble.ts';

/** What an operator may want: `auto` goes by the way that the bytes have to go. */
export type CongestionPolicy = 'auto' | Congestion;

/**
 * For a connection that is dialled. Where a packet may be lost on the way BBR keeps a path full that cubic leaves nearly
 * empty; within a machine or a house nothing is lost, and cubic is up to three times as fast.
 */
export function congestionTo(policy: CongestionPolicy, host: string): Congestion {
  if (policy !== 'auto') return policy;
  return scopeOfHost(host) === 'public' ? 'bbr' : 'cubic';
}

/**
 * For connections that others open to these hosts; one for all of them, as it must be chosen before it is known who
 * dials. A private address may well be one behind a translator, so only this machine itself counts as near.
 */
export function congestionOf(policy: CongestionPolicy, hosts: readonly string[]): Congestion {
  if (policy !== 'auto') return policy;
  return hosts.every((host) => scopeOfHost(host) === 'loopback') ? 'cubic' : 'bbr';
}
