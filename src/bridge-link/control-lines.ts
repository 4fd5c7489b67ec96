import type { Congestion } from './preamble.ts';

// What a node and its bridge tell each other over the bridge's standard input and output: JSON, a message a line. Both
// are of one version, and neither is a stranger to the other: lines are not checked further.

/** Where a UDP socket is bound. */
export interface UdpAddress {
  readonly host: string;
  readonly port: number;
}

/** Attempts of others that are not sessions yet. */
export interface BridgeLimits {
  readonly maxPending: number;
  readonly maxPendingPerAddress: number;
  readonly maxPerSecond: number;
  readonly maxPerSecondPerNet: number;
  /** From the first packet to the first byte of the stream. */
  readonly pendingMs: number;
  /** Streams in all, in both directions. */
  readonly maxStreams: number;
}

export type BridgeCommand =
  /** Once, first. */
  | {
      readonly do: 'start';
      /** Bound for listening; dialling uses them too. Port 0 takes a free one. */
      readonly listen: readonly UdpAddress[];
      /** Shown to whoever dials; PEM. */
      readonly certificate: string;
      readonly key: string;
      /** Path of the socket on which the bridge takes dial requests. */
      readonly dial: string;
      /** Paths of the sockets of the shards, for streams that others open. */
      readonly shards: readonly string[];
      readonly limits: BridgeLimits;
      /** For accepted connections: who dials is not known when it has to be chosen. */
      readonly congestion: Congestion;
    }
  | { readonly do: 'shards'; readonly shards: readonly string[] }
  /** Accepts nothing more; streams there are go on. */
  | { readonly do: 'quiesce' };

export interface BridgeCounts {
  readonly streams: number;
  readonly pending: number;
  readonly accepted: number;
  readonly dialled: number;
  readonly refused: number;
  readonly failed: number;
  readonly rss: number;
}

export type BridgeEvent =
  /** In the order of `listen`, with the ports they got. */
  | { readonly tell: 'ready'; readonly listen: readonly UdpAddress[]; readonly engine: string }
  /** An address that cannot be listened on; the bridge ends. */
  | { readonly tell: 'cannot-listen'; readonly address: UdpAddress; readonly reason: string }
  /** About once a second while anything changes. */
  | { readonly tell: 'counts'; readonly counts: BridgeCounts }
  | { readonly tell: 'bug'; readonly stack: string };

/** Longest line: a certificate and a key are some thousand octets. */
const MAX_LINE = 1 << 20;

/** Cuts pieces of text into lines, and each into its message. Throws SyntaxError for what is no JSON, RangeError for a line without an end. */
export class LineReader<Message> {
  #rest = '';

  push(piece: string): Message[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop()!;
    if (this.#rest.length > MAX_LINE) throw new RangeError('a line without an end');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Message);
  }
}

export const lineOf = (message: BridgeCommand | BridgeEvent): string => `${JSON.stringify(message)}\n`;
