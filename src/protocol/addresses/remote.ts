import { formatIp, parseIp } from './ip.ts';

/** The other end of a connection as text: `ip:port`, an IPv6 address in brackets. */
export function remoteOf(ip: string, port: number | undefined): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}

/** The IP address in what `remoteOf` made. */
export function ipOfRemote(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(':')).replace(/[[\]]/g, '');
}

/** What a socket says of its peer, in its shortest form: no zone, an IPv4 address not dressed up as IPv6. Null: no address. */
export function ipOfPeer(said: string | undefined): string | null {
  const octets = parseIp(said?.replace(/^::ffff:(?=\d+\.)/, '').split('%')[0] ?? '');
  return octets && formatIp(octets);
}
