import type { ActorModule, Behaviour, Log } from '../contract/actor.ts';
import { ActorError, toErrorRecord } from '../contract/actor-error.ts';
import type { Clock } from '../contract/clock.ts';
import type { Contract, Messages } from '../contract/contract.ts';
import type { Link } from '../link/frame.ts';
import { portLink } from '../link/port-link.ts';
import { LifeSlab } from '../memory/life-slab.ts';
import { MetricsWriter } from '../memory/metrics-page.ts';
import { Caller, type CallerEvents } from './caller.ts';
import type { ActorBirth, ControlMessage, ControlReport } from './control.ts';
import { Deadlines } from './deadlines.ts';
import { Drain } from './drain.ts';
import { Group } from './group.ts';
import { LinkServer } from './link-server.ts';
import { Turns } from './turns.ts';

export interface HostEnvironment {
  readonly clock: Clock;
  readonly log: Log;
  readonly contracts: Readonly<Record<string, Contract>>;
  report(message: ControlReport): void;
  /** Ends this life after the reports are out. */
  die(): void;
}

/** How often a life shows that its loop turns. */
export const BEAT_MS = 500;

/** A link that others reach this life by. */
interface Served {
  readonly from: string;
  readonly life: number;
  readonly link: Link;
  readonly budget: number;
}

type Birth = Pick<ActorBirth, 'name' | 'member' | 'epoch' | 'config' | 'uses' | 'metrics' | 'slab'>;

/**
 * One life of one actor: its refs, its links, its behaviour. It does not know whether it runs on a worker or
 * on the thread of a test; whoever made it passes the control messages in.
 */
export class ActorHost {
  readonly #module: ActorModule;
  readonly #birth: Birth;
  readonly #environment: HostEnvironment;
  readonly #deadlines: Deadlines;
  readonly #refs: Map<string, Caller | Group>;
  readonly #servers = new Map<string, LinkServer>();
  readonly #unserved: Served[] = [];
  readonly #metrics: MetricsWriter<string>;
  readonly #slab: LifeSlab;
  readonly #turns = new Turns();
  readonly #stopping = new AbortController();
  readonly #drain = new Drain();
  #unbeat: () => void = () => {};
  #behaviour: Behaviour<Messages> | null = null;
  #ended = false;

  constructor(module: ActorModule, birth: Birth, environment: HostEnvironment) {
    this.#module = module;
    this.#birth = birth;
    this.#environment = environment;
    this.#deadlines = new Deadlines(environment.clock);
    this.#metrics = new MetricsWriter(module.contract.metrics, birth.metrics);
    this.#slab = new LifeSlab(birth.slab);
    this.#refs = new Map(
      birth.uses.map((use) => {
        const contract = environment.contracts[use.name];
        if (!contract) throw new TypeError(`${birth.name} uses ${use.name}, which has no contract`);
        const events = (member: number): CallerEvents => ({
          refused: () => this.#metrics.refused(),
          lost: (epoch) => this.#environment.report({ type: 'lost', to: use.name, member, epoch }),
          severed: () => this.#slab.closed(this.#caller(use.name, member)),
        });
        return [
          use.name,
          use.group
            ? new Group(contract, this.#deadlines, use.members, events)
            : new Caller(contract, this.#deadlines, events(0)),
        ];
      }),
    );
  }

  async control(message: ControlMessage): Promise<void> {
    switch (message.type) {
      case 'bind': {
        const caller = this.#caller(message.to, message.member);
        caller.bind(portLink(message.port), message.epoch, { credit: message.budget });
        return this.#slab.opened(caller, message.life);
      }
      case 'down':
        return this.#caller(message.to, message.member).down();
      case 'serve':
        return this.#serve({ ...message, link: portLink(message.port) });
      case 'members':
        return this.#resize(message.to, message.size);
      case 'start':
        return this.#start();
      case 'pressure':
        return this.#guard(() => this.#behaviour?.pressure?.(message.level));
      case 'quiesce':
        await this.#guard(() => this.#behaviour?.quiesce?.());
        await this.#drain.empty();
        return this.#environment.report({ type: 'quiesced' });
      case 'retire':
        await this.#guard(() => this.#behaviour?.retire?.());
        await this.#drain.empty();
        return this.#environment.report({ type: 'retired' });
      case 'stop':
        return this.#stop();
    }
  }

  /** Reports a bug and ends this life. The first one counts. */
  crash(error: unknown): void {
    if (this.#ended) return;
    this.#end();
    this.#environment.log.error({ error: toErrorRecord(error), stack: stackOf(error) }, 'actor crashed');
    for (const server of this.#servers.values()) server.flush();
    this.#environment.report({ type: 'crashed', error: toErrorRecord(error) });
    this.#environment.die();
  }

  async #start(): Promise<void> {
    try {
      this.#behaviour = await this.#module.start({
        name: this.#birth.name,
        member: this.#birth.member,
        epoch: this.#birth.epoch,
        config: this.#birth.config,
        clock: this.#environment.clock,
        refs: Object.fromEntries(this.#refs),
        log: this.#environment.log,
        metrics: this.#metrics,
        slab: this.#slab,
        signal: this.#stopping.signal,
        spawn: (work: () => Promise<void>) => void this.#spawn(work),
      });
    } catch (error) {
      if (this.#ended) return;
      this.#end();
      this.#environment.report({ type: 'failed', error: toErrorRecord(error) });
      return this.#environment.die();
    }
    if (this.#ended) return;
    for (const served of this.#unserved.splice(0)) this.#serve(served);
    this.#beat();
    this.#environment.report({ type: 'started' });
    this.#behaviour.done?.then(
      () => this.#stop(),
      (error) => this.crash(error),
    );
  }

  async #stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort(new ActorError('E_ABORTED', `${this.#birth.name} stops`));
    for (const server of this.#servers.values()) server.close();
    await this.#guard(() => this.#behaviour?.stop?.());
    for (const ref of this.#refs.values()) {
      for (const caller of ref instanceof Caller ? [ref] : ref.members) caller.sever();
    }
    if (this.#ended) return;
    this.#end();
    this.#environment.report({ type: 'stopped' });
    this.#environment.die();
  }

  #end(): void {
    this.#ended = true;
    this.#unbeat();
    this.#deadlines.close();
  }

  #beat(): void {
    this.#metrics.beat();
    this.#unbeat = this.#environment.clock.after(BEAT_MS, () => this.#beat());
  }

  #serve(served: Served): void {
    if (!this.#behaviour) {
      // Frames wait in the port until the behaviour is there: nothing listens yet.
      this.#unserved.push(served);
      return;
    }
    const { from, life, link, budget } = served;
    this.#servers.get(from)?.close();
    const server = new LinkServer(this.#module.contract, this.#behaviour.handlers, link, budget, {
      clock: this.#environment.clock,
      crash: (error) => this.crash(error),
      violated: (error) => this.crash(error),
      depth: (change, kind) => {
        this.#metrics.mailbox(change);
        if (kind === 'call') this.#drain.count(change);
      },
      gaveUp: (id) => this.#slab.gaveUp(server, id),
      closed: () => this.#slab.closed(server),
      turns: this.#turns,
    });
    this.#slab.opened(server, life);
    this.#servers.set(from, server);
  }

  #caller(name: string, member: number): Caller {
    const ref = this.#refs.get(name);
    if (!ref) throw new TypeError(`${this.#birth.name} holds no ref to ${name}`);
    return ref instanceof Caller ? ref : ref.caller(member);
  }

  #resize(name: string, size: number): void {
    const ref = this.#refs.get(name);
    if (ref instanceof Group) ref.resize(size);
  }

  async #spawn(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.crash(error);
    }
  }

  async #guard(work: () => void | Promise<void> | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.crash(error);
    }
  }
}

const stackOf = (error: unknown): string | undefined => (error instanceof Error ? error.stack : undefined);
