import { parseAddress } from '../../protocol/addresses/address.ts';
import { type Scope, scopeOfHost } from '../../protocol/addresses/scope.ts';

/** From where an address can be reached, as far as the address itself says. */
export function scopeOf(text: string): Scope {
  const parsed = parseAddress(text);
  return parsed.ok ? scopeOfHost(parsed.address.host) : 'loopback';
}
