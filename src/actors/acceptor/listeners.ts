import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { failure } from '../../errors.ts';
import { type Address, formatAddress } from '../../protocol/addresses/address.ts';
import { parseListenAddress } from '../../protocol/addresses/listen-address.ts';

/** Connections that wait in the kernel while the thread is busy. */
const BACKLOG = 512;

/** The listening sockets of the node. Every connection is handed out unread. */
export class Listeners {
  readonly #servers: Server[] = [];
  readonly #accepted: (socket: Socket) => void;

  constructor(accepted: (socket: Socket) => void) {
    this.#accepted = accepted;
  }

  /**
   * Listens on all of them; the addresses with the ports they got. `E_LISTEN` with the address that could not be had,
   * after which none is listened on; `E_CONFIG` for one that is none. Those of QUIC are for others.
   */
  async open(addresses: readonly string[]): Promise<string[]> {
    const wanted = addresses.map(parse).filter(({ transport }) => transport === 'tcp');
    try {
      const bound: string[] = [];
      for (const address of wanted) bound.push(await this.#listen(address, wanted));
      return bound;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Accepts no more. Connections handed out already are not touched. */
  close(): void {
    for (const server of this.#servers.splice(0)) server.close();
  }

  #listen(address: Address, all: readonly Address[]): Promise<string> {
    // Unread, so that the socket can move to another thread.
    const server = createServer({ pauseOnConnect: true, noDelay: true }, this.#accepted);
    this.#servers.push(server);
    // The IPv6 wildcard takes IPv4 as well, unless that has a listener of its own.
    const ipv6Only = all.some(({ host, port }) => host === '0.0.0.0' && port === address.port);
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const shown = formatAddress(address);
        reject(
          failure('E_LISTEN', `cannot listen on ${shown} (${error.code})`, { subject: shown, cause: error }),
        );
      });
      server.listen({ host: address.host, port: address.port, backlog: BACKLOG, ipv6Only }, () => {
        server.removeAllListeners('error');
        // Out of descriptors, for one: the connection that could not be accepted is lost, the listener goes on.
        server.on('error', () => {});
        const { port } = server.address() as AddressInfo;
        resolve(formatAddress({ ...address, port }));
      });
    });
  }
}

function parse(text: string): Address {
  const parsed = parseListenAddress(text);
  if (parsed.ok && parsed.address.nodeKey === null) return parsed.address;
  const why = parsed.ok ? 'it takes no key' : `its ${parsed.reason} is not valid`;
  throw failure('E_CONFIG', `cannot listen on ${text}: ${why}`, {
    subject: text,
    next: 'write tcp://IP:PORT or quic://IP:PORT; port 0 takes a free one',
  });
}
