import type { TransportConfig } from './config.ts';
import type { Transport } from './connection.ts';
import type { KnownPath } from './path-memory.ts';

export type TransportPolicy = TransportConfig['policy'];

/** Only so much faster counts: measured rates are those of some moment. */
const FASTER = 1.5;

interface Way {
  readonly transport: Transport;
  readonly ip: string;
  readonly address: string;
}

/** Whether addresses of this transport are dialled at all. */
const mayDialOver = (policy: TransportPolicy, transport: Transport): boolean =>
  policy === 'tcp-only' ? transport === 'tcp' : policy === 'quic-only' ? transport === 'quic' : true;

/**
 * The ways to a peer in the order in which they are tried: stages one after the other, the ways of a stage against each
 * other. With `auto` there is one stage: what failed lately last; then TCP, which carries more for less, before QUIC,
 * unless QUIC was measured to be clearly faster; then what answered soonest; IPv6 before IPv4; else as they were given.
 */
export function dialOrder<W extends Way>(
  ways: readonly W[],
  policy: TransportPolicy,
  known: (address: string) => KnownPath,
): readonly (readonly W[])[] {
  const wanted = ways
    .filter(({ transport }) => mayDialOver(policy, transport))
    .map((way) => ({ way, path: known(way.address) }));
  const preferred = quicIsFaster(wanted) ? 'quic' : 'tcp';
  const before = (a: Known<W>, b: Known<W>) =>
    Number(a.path.failed) - Number(b.path.failed) ||
    Number(b.way.transport === preferred) - Number(a.way.transport === preferred) ||
    sooner(a.path, b.path) ||
    Number(b.way.ip.includes(':')) - Number(a.way.ip.includes(':'));
  const sorted = (...transports: readonly Transport[]) =>
    wanted
      .filter(({ way }) => transports.includes(way.transport))
      .sort(before)
      .map(({ way }) => way);
  const stages =
    policy === 'tcp-first'
      ? [sorted('tcp'), sorted('quic')]
      : policy === 'quic-first'
        ? [sorted('quic'), sorted('tcp')]
        : [sorted('tcp', 'quic')];
  return stages.filter((stage) => stage.length > 0);
}

interface Known<W extends Way> {
  readonly way: W;
  readonly path: KnownPath;
}

function quicIsFaster(all: readonly Known<Way>[]): boolean {
  const best = (transport: Transport) =>
    Math.max(
      0,
      ...all.filter(({ way }) => way.transport === transport).map(({ path }) => path.bytesPerSecond),
    );
  return best('tcp') > 0 && best('quic') >= FASTER * best('tcp');
}

/** Those that never came through are last, and equal. */
function sooner(a: KnownPath, b: KnownPath): number {
  if (a.handshakeMs === null || b.handshakeMs === null) {
    return Number(a.handshakeMs === null) - Number(b.handshakeMs === null);
  }
  return a.handshakeMs - b.handshakeMs;
}
