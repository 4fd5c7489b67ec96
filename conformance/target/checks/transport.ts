import { connect } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Check, CheckSuite } from '../check.ts';
import type { Frames } from '../frames.ts';
import { helloOf, REPLY_MS } from '../session.ts';
import type { Target } from '../target.ts';
import { must, NotJudged } from '../verdict.ts';

const SECTION = 'wire 3.1';

const tls = (name: string, options: ConnectionOptions): Check => ({
  name,
  section: SECTION,
  async run(target) {
    const session = await target.session(undefined, await target.tls(options));
    await session.stillServes();
  },
});

/** Somebody says so much and then nothing; somebody else comes and must be served meanwhile. */
const besideSilent = (name: string, silent: (target: Target) => Promise<Frames | null>): Check => ({
  name,
  section: SECTION,
  async run(target) {
    await silent(target);
    const started = performance.now();
    const session = await target.session();
    await session.stillServes();
    const ms = performance.now() - started;
    must(ms < 3_000, 'service within 3 s', `service after ${Math.round(ms)} ms`);
  },
});

export const transport: CheckSuite = {
  name: 'transport',
  checks: [
    tls('TLS 1.3', { minVersion: 'TLSv1.3' }),
    tls('X25519', { ecdhCurve: 'X25519' }),
    tls('P-256', { ecdhCurve: 'P-256' }),
    tls('P-384', { ecdhCurve: 'P-384' }),
    tls('AES-128-GCM alone', { ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' }),
    tls('ChaCha20-Poly1305 alone', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256', minVersion: 'TLSv1.3' }),
    tls('an ALPN that is offered is ignored', { ALPNProtocols: ['h2', 'scp2p'] }),
    tls('another server name', { servername: 'example.org' }),
    tls('no server name', { servername: '' }),
    {
      name: 'TLS 1.1 is refused',
      section: SECTION,
      async run(target) {
        const options: ConnectionOptions = {
          minVersion: 'TLSv1.1',
          maxVersion: 'TLSv1.1',
          ciphers: 'DEFAULT@SECLEVEL=0',
        };
        const open = await target.tls(options).then(
          () => true,
          (error: unknown) => {
            if (error instanceof NotJudged) throw error;
            return false;
          },
        );
        must(!open, 'no connection', 'a connection');
      },
    },
    besideSilent('a TCP connection without TLS keeps nobody out', async (target) => {
      const { transport, host, port } = target.address;
      if (transport !== 'tcp') throw new NotJudged('TCP alone');
      const socket = connect({ host, port });
      socket.on('error', () => {});
      // Long enough for the check, short enough not to outlive the run.
      setTimeout(() => socket.destroy(), 4_500).unref();
      await new Promise((resolve) => socket.once('connect', resolve));
      return null;
    }),
    besideSilent('a connection without a hello keeps nobody out', (target) => target.connection()),
    besideSilent('a hello without an ack keeps nobody out', async (target) => {
      const connection = await target.connection();
      connection.send(target.caller().frame(null));
      helloOf(await connection.next(REPLY_MS));
      return connection;
    }),
    {
      name: 'a client that says nothing is given up within 60 s',
      section: SECTION,
      slow: true,
      deadlineMs: 65_000,
      async run(target) {
        const connection = await target.connection();
        const end = await connection.next(60_000);
        must(end.kind === 'closed', 'the connection closed', end.kind);
      },
    },
    {
      name: 'a client that sends no ack is given up within 60 s',
      section: SECTION,
      slow: true,
      deadlineMs: 70_000,
      async run(target) {
        const connection = await target.connection();
        connection.send(target.caller().frame(null));
        helloOf(await connection.next(REPLY_MS));
        const end = await connection.next(60_000);
        must(end.kind === 'closed', 'the connection closed', end.kind);
      },
    },
    {
      name: 'a session that rests for 45 s is still served',
      section: 'wire 2',
      slow: true,
      deadlineMs: 60_000,
      async run(target) {
        const session = await target.session();
        await session.stillServes();
        const end = await session.frames.next(45_000);
        must(end.kind === 'silence', 'silence', end.kind);
        await session.stillServes();
      },
    },
  ],
};
