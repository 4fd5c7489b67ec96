import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A party between two nodes that passes octets on, and may add some of its own. */
export class TcpRelay {
  readonly address: string;
  /** Sockets to the dialling side and to the listening side, a pair for each connection. */
  readonly pairs: { inner: Socket; outer: Socket }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string): Promise<TcpRelay> {
    let self: TcpRelay;
    const server = createServer((inner) => {
      const { hostname, port } = new URL(target);
      const outer = connect({ host: hostname, port: Number(port) });
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        from.on('error', () => {});
        from.on('close', () => to.destroy());
        from.pipe(to);
      }
      self.pairs.push({ inner, outer });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    self = new TcpRelay(server);
    return self;
  }

  close(): void {
    for (const { inner, outer } of this.pairs) {
      inner.destroy();
      outer.destroy();
    }
    this.#server.close();
  }
}
