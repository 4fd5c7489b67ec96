import type {
  BridgeCommand,
  BridgeCounts,
  BridgeEvent,
  UdpAddress,
} from '../../bridge-link/control-lines.ts';
import { failure } from '../../errors.ts';
import { formatAddress } from '../../protocol/addresses/address.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { BridgeEvents } from './bridge-process.ts';
import type { QuicStatus } from './contract.ts';
import { restartDelay, STEADY_MS } from './restart-delay.ts';

/** What the keeper knows of a process. */
export interface Bridge {
  readonly pid: number | null;
  send(command: BridgeCommand): void;
  end(): Promise<void>;
}

/** A process that never came up is tried so many times: it is not going to. */
const TRIES = 3;
const START_MS = 10_000;

type StartCommand = Extract<BridgeCommand, { do: 'start' }>;

export interface KeeperOptions {
  readonly clock: Clock;
  readonly log: Log;
  spawn(events: BridgeEvents): Bridge;
  /** All but what the keeper knows. `life` counts up: the path of the socket is another one each time. */
  command(life: number): Omit<StartCommand, 'do' | 'listen' | 'shards'>;
  counted(counts: BridgeCounts): void;
  restarted(): void;
}

interface Waiting {
  resolve(path: string): void;
  reject(error: ActorError): void;
}

/**
 * Keeps the bridge's process running once it is wanted: one that ends is started again, on the ports it had, after a pause
 * that grows while it keeps ending. What waits for it waits through restarts.
 */
export class BridgeKeeper {
  readonly #options: KeeperOptions;
  #listen: readonly UdpAddress[];
  #shards: readonly string[] = [];
  #state: 'idle' | 'starting' | 'up' | 'missing' | 'over' = 'idle';
  #bridge: Bridge | null = null;
  #life = 0;
  #path = '';
  #upSince = 0;
  /** Ends in a row of lives that did not last. */
  #streak = 0;
  #everUp = false;
  #restarts = 0;
  #reason: string | null = null;
  #fault: ActorError | null = null;
  #engine: string | null = null;
  #counts: BridgeCounts | null = null;
  #waiting: Waiting[] = [];
  #disarm: () => void = () => {};

  constructor(options: KeeperOptions, listen: readonly UdpAddress[]) {
    this.#options = options;
    this.#listen = listen;
  }

  /** Path of its socket for dial requests, when it is up. `E_LISTEN`, `E_QUIC_UNAVAILABLE` when it cannot be had. */
  up(): Promise<string> {
    if (this.#state === 'up') return Promise.resolve(this.#path);
    if (this.#state === 'missing') return Promise.reject(this.#unavailable());
    if (this.#state === 'over') return Promise.reject(failure('E_BUSY', 'the node is stopping'));
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    if (this.#state === 'idle') this.#start();
    return promise;
  }

  useShards(paths: readonly string[]): void {
    this.#shards = paths;
    if (this.#state === 'up') this.#bridge!.send({ do: 'shards', shards: paths });
  }

  /** Where it listens, or will again on the very same ports; nothing before it was up once. */
  get bound(): readonly UdpAddress[] {
    return this.#everUp ? this.#listen : [];
  }

  status(): Omit<QuicStatus, 'state'> & { state: Exclude<QuicStatus['state'], 'off'> } {
    return {
      state: this.#state === 'over' ? 'idle' : this.#state,
      reason: this.#reason,
      engine: this.#engine,
      pid: this.#bridge?.pid ?? null,
      restarts: this.#restarts,
      rss: this.#bridge ? (this.#counts?.rss ?? 0) : 0,
      streams: this.#bridge ? (this.#counts?.streams ?? 0) : 0,
    };
  }

  quiesce(): void {
    if (this.#state === 'up') this.#bridge!.send({ do: 'quiesce' });
  }

  async stop(): Promise<void> {
    this.#state = 'over';
    this.#disarm();
    this.#refuse(failure('E_BUSY', 'the node is stopping'));
    await this.#bridge?.end();
  }

  #start(): void {
    this.#state = 'starting';
    const life = ++this.#life;
    const command = this.#options.command(life);
    this.#path = command.dial;
    const bridge = this.#options.spawn({
      event: (event) => this.#heard(event),
      ended: ({ reason }) => this.#ended(reason),
    });
    this.#bridge = bridge;
    this.#disarm = this.#options.clock.after(START_MS, () => {
      this.#reason = 'it does not come up';
      void bridge.end();
    });
    bridge.send({ do: 'start', listen: this.#listen, shards: this.#shards, ...command });
  }

  #heard(event: BridgeEvent): void {
    const { log, clock } = this.#options;
    switch (event.tell) {
      case 'ready':
        this.#disarm();
        if (this.#state !== 'starting') return;
        this.#state = 'up';
        this.#everUp = true;
        this.#upSince = clock.now();
        // The next life listens on the very same ports: peers know them.
        this.#listen = event.listen;
        this.#engine = event.engine;
        this.#bridge!.send({ do: 'shards', shards: this.#shards });
        for (const { resolve } of this.#waiting.splice(0)) resolve(this.#path);
        return;
      case 'cannot-listen': {
        const { host, port } = event.address;
        const shown = formatAddress({ transport: 'quic', host, port, nodeKey: null });
        this.#fault = failure('E_LISTEN', `cannot listen on ${shown}: ${event.reason}`, { subject: shown });
        return;
      }
      case 'counts':
        this.#counts = event.counts;
        return this.#options.counted(event.counts);
      case 'bug':
        return log.error({ stack: event.stack }, 'a bug of the QUIC process');
    }
  }

  #ended(reason: string): void {
    const { clock, log } = this.#options;
    this.#disarm();
    const pid = this.#bridge?.pid;
    this.#bridge = null;
    if (this.#state === 'over') return;
    const steady = this.#state === 'up' && clock.now() - this.#upSince >= STEADY_MS;
    this.#streak = steady ? 1 : this.#streak + 1;
    this.#state = 'starting';
    this.#reason = reason;
    const fault = this.#fault;
    this.#fault = null;
    if (!this.#everUp) {
      if (fault !== null) {
        this.#state = 'idle';
        return this.#refuse(fault);
      }
      if (this.#streak >= TRIES) {
        this.#state = 'missing';
        return this.#refuse(this.#unavailable());
      }
    }
    this.#restarts++;
    this.#options.restarted();
    log.warn({ pid, reason: fault?.message ?? reason }, 'the QUIC process ended: it is started again');
    this.#disarm = clock.after(restartDelay(this.#streak), () => this.#start());
  }

  #refuse(error: ActorError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #unavailable(): ActorError {
    return failure('E_QUIC_UNAVAILABLE', `no QUIC here: ${this.#reason}`);
  }
}
