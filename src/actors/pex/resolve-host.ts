import { lookup } from 'node:dns/promises';
import { failure } from '../../errors.ts';
import { parseIp } from '../../protocol/addresses/ip.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';

/** A resolver that does not answer is given up on after so long. */
const RESOLVE_MS = 5_000;
/** Addresses of one name. */
const MAX_ADDRESSES = 8;

/** IP literals of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** The addresses of a host, which may be one already. Rejects with `E_PEER_UNREACHABLE`. */
export async function resolveHost(host: string, clock: Clock, resolve: Lookup): Promise<readonly string[]> {
  if (parseIp(host) !== null) return [host];
  const unknown = (why: string): ActorError =>
    failure('E_PEER_UNREACHABLE', `${host} is no host name that leads anywhere: ${why}`, {
      subject: host,
      retryable: true,
      next: 'check the name; the resolver of this host did not know it',
    });
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(RESOLVE_MS, () => reject(unknown(`no answer in ${RESOLVE_MS} ms`)));
  });
  try {
    const found = await Promise.race([resolve(host), late]);
    const addresses = found.filter((ip) => parseIp(ip) !== null).slice(0, MAX_ADDRESSES);
    if (addresses.length === 0) throw unknown('it has no address');
    return addresses;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'E_PEER_UNREACHABLE' ? error : unknown(code ?? message);
  } finally {
    cancel();
  }
}
