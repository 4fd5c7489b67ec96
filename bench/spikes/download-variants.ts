import type { ReceivePlan, SendPlan } from './chunk-frame.ts';

/** One row of the table: what differs from the plain case (one connection, ring of four, AES-256-GCM, Ed25519). */
export interface Variant {
  name: string;
  send?: Partial<SendPlan>;
  receive?: Partial<ReceivePlan>;
  certificate?: 'ed25519' | 'p256';
}

const four = { connections: 4 } as const;
const pump = { mode: 'pump' } as const;

const pools: Variant[] = ([1, 2] as const).flatMap((workers) =>
  (['a-post', 'a-atomics'] as const).flatMap((mode) => [
    { name: `${mode}, pool of ${workers}`, receive: { mode, workers } },
    { name: `${mode}, pool of ${workers}, 4 peers`, send: four, receive: { mode, workers } },
  ]),
);

export const suites: Record<string, Variant[]> = {
  receive: [
    { name: 'pump, discarded', receive: pump },
    { name: 'hash + write bare', send: { preamble: 'none' }, receive: { mode: 'bare' } },
    { name: 'b1 copy from 64 KiB', receive: { mode: 'b1' } },
    { name: 'b2 in place', receive: { mode: 'b2' } },
    { name: 'b1 copy from 64 KiB, 4 peers', send: four, receive: { mode: 'b1' } },
    { name: 'b2 in place, 4 peers', send: four, receive: { mode: 'b2' } },
    ...pools,
    { name: 'a-atomics, pool of 1, 4 slots', receive: { mode: 'a-atomics', slots: 4 } },
    { name: "accepted socket, 'data', copied", receive: { mode: 'accept' } },
  ],
  send: [
    { name: 's1 readSync ring of 4', receive: pump },
    { name: 's1 ring of 2', send: { ring: 2 }, receive: pump },
    { name: 's1 ring of 8', send: { ring: 8 }, receive: pump },
    { name: 's1 payload 100 in (page + 116)', send: { payloadAt: 100 }, receive: pump },
    { name: 's1 payload 164 in (page + 180)', send: { payloadAt: 164 }, receive: pump },
    { name: 's1 payload alone', send: { preamble: 'none' }, receive: pump },
    { name: 's1 preamble a write of its own', send: { preamble: 'two' }, receive: pump },
    { name: 's1 preamble corked', send: { preamble: 'cork' }, receive: pump },
    { name: 's2 async fs.read ring of 4', send: { reader: 'async' }, receive: pump },
    { name: 's3 createReadStream().pipe()', send: { reader: 'pipe' }, receive: pump },
  ],
  tls: [
    { name: 'AES-256-GCM, onread 64 KiB', receive: pump },
    { name: 'AES-128-GCM', send: { ciphers: 'TLS_AES_128_GCM_SHA256' }, receive: pump },
    { name: 'ChaCha20-Poly1305', send: { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }, receive: pump },
    { name: 'onread 16 KiB', receive: { ...pump, readBuffer: 16384 } },
    { name: 'onread 256 KiB', receive: { ...pump, readBuffer: 262144 } },
    { name: "'data' events", receive: { mode: 'data' } },
    { name: 'setNoDelay', send: { noDelay: true }, receive: pump },
    { name: 'highWaterMark 1 MiB (server)', send: { highWaterMark: 1048576 }, receive: pump },
    { name: 'P-256 certificate', certificate: 'p256', receive: pump },
    { name: 'mutual, Ed25519', send: { mutual: true }, receive: pump },
  ],
};
