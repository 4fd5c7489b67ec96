// The part of Deno's interface that the bridge uses (2.9; QUIC is behind `--unstable-net`).

export interface NetAddr {
  readonly hostname: string;
  readonly port: number;
}

/** A connected local socket. */
export interface DenoConn {
  readonly writable: WritableStream<Uint8Array>;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

interface DenoListener extends AsyncIterable<DenoConn> {
  close(): void;
}

interface TransportOptions {
  readonly keepAliveInterval: number;
  readonly maxIdleTimeout: number;
  readonly maxConcurrentBidirectionalStreams: number;
  readonly maxConcurrentUnidirectionalStreams: number;
  readonly congestionControl: 'default' | 'low-latency';
}

export interface QuicStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

export interface QuicConn {
  readonly remoteAddr: NetAddr;
  readonly protocol: string | undefined;
  readonly closed: Promise<unknown>;
  readonly incomingBidirectionalStreams: ReadableStream<QuicStream>;
  createBidirectionalStream(options: { waitUntilAvailable: boolean }): Promise<QuicStream>;
  close(info: { closeCode: number; reason: string }): void;
}

export interface QuicIncoming {
  accept(): Promise<QuicConn>;
  refuse(): void;
}

export interface QuicListener {
  incoming(): Promise<QuicIncoming>;
  stop(): void;
}

export interface QuicEndpoint {
  readonly addr: NetAddr;
  close(info: { closeCode: number; reason: string }): void;
  listen(
    options: TransportOptions & {
      readonly cert: string;
      readonly key: string;
      readonly alpnProtocols: readonly string[];
    },
  ): QuicListener;
}

interface DenoApi {
  readonly version: { readonly deno: string };
  readonly stdin: { readonly readable: ReadableStream<Uint8Array> };
  readonly stdout: { writeSync(bytes: Uint8Array): number };
  readonly QuicEndpoint: new (options: { hostname: string; port: number }) => QuicEndpoint;
  connectQuic(
    options: TransportOptions & {
      readonly hostname: string;
      readonly port: number;
      readonly serverName: string;
      readonly alpnProtocols: readonly string[];
      readonly endpoint: QuicEndpoint;
    },
  ): Promise<QuicConn>;
  connect(options: { transport: 'unix'; path: string }): Promise<DenoConn>;
  listen(options: { transport: 'unix'; path: string }): DenoListener;
  memoryUsage(): { readonly rss: number };
  exit(code: number): never;
}

export const deno = (globalThis as unknown as { Deno: DenoApi }).Deno;

interface Unhandled {
  readonly reason: unknown;
  preventDefault(): void;
}

/** Rejections that nobody handles end the process, unless somebody listens. */
export function onUnhandled(listener: (reason: unknown) => void): void {
  const target = globalThis as unknown as {
    addEventListener(name: string, listener: (event: Unhandled) => void): void;
  };
  target.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    listener(event.reason);
  });
}
