/** Payload of one frame in these spikes: SCP2P's chunk, 256 KiB. */
export const CHUNK = 256 * 1024;

/** Bytes in front of the payload: about what the envelope of CHUNK_DATA takes. Bytes 0..3 hold the chunk index. */
export const PREAMBLE = 100;

export const FRAME = PREAMBLE + CHUNK;

/** What the sending process is told. Connection `i` of `connections` carries chunks i, i + connections, ... */
export interface SendPlan {
  file: string;
  size: number;
  connections: number;
  /** `ring`: readSync into recycled buffers; `async`: fs.read into them; `pipe`: createReadStream().pipe(), no preamble. */
  reader: 'ring' | 'async' | 'pipe';
  /** How preamble and payload are written: one buffer, two writes, two writes corked, or payload alone. */
  preamble: 'one' | 'two' | 'cork' | 'none';
  /** Where in its buffer the payload is read to; at least PREAMBLE. */
  payloadAt: number;
  /** Buffers in flight for each connection. */
  ring: number;
  key: string;
  cert: string;
  mutual: boolean;
  noDelay: boolean;
  ciphers: string;
  /** highWaterMark of the server's sockets in bytes; 0 keeps Node's own. */
  highWaterMark: number;
  /** Set: the sender dials this port, so that the receiver is the accepting side. */
  dial: number;
}

/** What the receiving process is told. */
export interface ReceivePlan {
  size: number;
  connections: number;
  /**
   * `pump` and `data` discard (onread, 'data' events); `bare` hashes and writes without frames; `b1` copies out of one
   * recycled buffer, `b2` receives in place, `accept` is b1 fed by 'data' events of accepted sockets; `a-post` and
   * `a-atomics` hand slots of shared memory to hashing threads.
   */
  mode: 'pump' | 'data' | 'bare' | 'b1' | 'b2' | 'accept' | 'a-post' | 'a-atomics';
  workers: number;
  /** Slots of shared memory, for the `a` modes. */
  slots: number;
  /** Bytes of the recycled onread buffer, for `pump` and `b1`. */
  readBuffer: number;
  /** Where in its buffer the payload begins, for `bare`, `b1`, `b2` and the slots. */
  payloadAt: number;
  /** Bytes in front of each payload on the line: PREAMBLE, or 0. */
  preamble: number;
  out: string;
  /** File of 32-byte BLAKE3 hashes, one a chunk. */
  hashes: string;
  key: string;
  cert: string;
  mutual: boolean;
}

/** What either process answers with. Seconds are of CPU (user + system) unless they say wall. */
export interface Used {
  wallSeconds: number;
  cpuSeconds: number;
  /** CPU of the thread that owns the sockets alone. */
  threadSeconds: number;
  bytes: number;
}

/** Starts counting; the function returned says what was used since. */
export function startCounting(): (bytes: number) => Used {
  const cpu = process.cpuUsage();
  const thread = process.threadCpuUsage();
  const at = performance.now();
  return (bytes) => {
    const cpuNow = process.cpuUsage(cpu);
    const threadNow = process.threadCpuUsage(thread);
    return {
      wallSeconds: (performance.now() - at) / 1e3,
      cpuSeconds: (cpuNow.user + cpuNow.system) / 1e6,
      threadSeconds: (threadNow.user + threadNow.system) / 1e6,
      bytes,
    };
  };
}
