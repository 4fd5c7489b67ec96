import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { type Address, formatAddress } from '../../../protocol/addresses/address.ts';
import { parseListenAddress } from '../../../protocol/addresses/listen-address.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';
import { scopeOf } from '../scope.ts';

const NAME = 'port';
/** To this very machine. */
const CONNECT_MS = 3_000;

/** Whether peers could reach the listeners: by listening there, or, where a node does, by connecting to it. */
export async function listening({ settings, node }: Facts): Promise<Check[]> {
  if (settings === null) return [];
  const { listen } = settings.network;
  if (listen.length === 0) {
    return [
      warn(NAME, 'network.listen is empty: nobody can download from here', 'name an address to listen on'),
    ];
  }
  const addresses = (node.state === 'running' ? node.id.bound : listen).flatMap((text) => {
    const parsed = parseListenAddress(text);
    return parsed.ok ? [parsed.address] : [];
  });
  const checks: Check[] = [];
  // One after the other: a wildcard and one of its addresses must not stand in each other's way.
  for (const address of addresses) {
    if (node.state !== 'running') checks.push(await canListen(address));
    // Whether its QUIC process is well, the check of it says.
    else if (address.transport === 'tcp') checks.push(await answers(address));
  }
  return node.state === 'running' ? [...checks, advertised(node.id.addresses)] : checks;
}

const WHY: Readonly<Record<string, readonly [what: string, next: string]>> = {
  EADDRINUSE: ['another program holds it', 'find it with: ss -lntup; or name another port in network.listen'],
  EACCES: ['ports below 1024 need a privilege', 'name a higher port in network.listen'],
  EADDRNOTAVAIL: ['no interface has that address', 'compare network.listen with: ip addr'],
};

function canListen(address: Address): Promise<Check> {
  const shown = formatAddress(address);
  return new Promise((resolve) => {
    const failed = ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      const [what, next] = WHY[code] ?? [code, 'name another address in network.listen'];
      resolve(fail(NAME, `a node could not listen on ${shown}: ${what}`, next));
    };
    const { host, port } = address;
    const server =
      address.transport === 'tcp'
        ? createServer().listen({ host, port })
        : createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(port, host);
    server.once('error', failed);
    server.once('listening', () => server.close(() => resolve(ok(NAME, `a node could listen on ${shown}`))));
  });
}

function answers(address: Address): Promise<Check> {
  const shown = formatAddress(address);
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  return new Promise((resolve) => {
    const socket = connect({ host, port: address.port, timeout: CONNECT_MS });
    const failed = (why: string) => {
      socket.destroy();
      const next = 'look into the log of the node; a firewall may stand in between even here';
      resolve(fail(NAME, `the node listens on ${shown} and does not answer there: ${why}`, next));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve(
        ok(NAME, `the node answers on ${shown} from this machine; whether others get through, only they see`),
      );
    });
    socket.once('timeout', () => failed(`nothing in ${CONNECT_MS / 1000} s`));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => failed(code ?? 'unknown'));
  });
}

/** What links say, and for whom it is any good. */
function advertised(addresses: readonly string[]): Check {
  const name = 'addresses';
  const scopes = addresses.map((text) => scopeOf(text));
  const said = addresses.length === 0 ? 'nothing' : addresses.join(', ');
  if (scopes.includes('public')) return ok(name, `links say ${said}`);
  const who = scopes.includes('private') ? 'only peers of the same private network' : 'nobody else';
  return warn(
    name,
    `links say ${said}: ${who} can follow them`,
    'open the port towards this machine, and put the address others see into network.advertise',
  );
}
