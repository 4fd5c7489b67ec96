import { type AddressResult, parseAddress } from './address.ts';

/** As `parseAddress`; port 0 is no address of the network, but one to listen on: the system picks a free port. */
export function parseListenAddress(text: string): AddressResult {
  if (!text.endsWith(':0')) return parseAddress(text);
  const parsed = parseAddress(`${text.slice(0, -1)}1`);
  return parsed.ok ? { ok: true, address: { ...parsed.address, port: 0 } } : parsed;
}
