import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import store from '../../../src/actors/store/actor.ts';
import { storeConfig } from '../../../src/actors/store/config.ts';
import type { StoreContext } from '../../../src/actors/store/context.ts';
import type { BackupResult, storeContract } from '../../../src/actors/store/contract.ts';
import { startStore } from '../../../src/actors/store/start-store.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import type { KeysOf, MessagesOf, ReplyOf, RequestOf } from '../../../src/supervisor/contract/contract.ts';
import { LifeSlab } from '../../../src/supervisor/memory/life-slab.ts';
import { SlabKeeper } from '../../../src/supervisor/memory/slab-keeper.ts';
import { Turns } from '../../../src/supervisor/runtime/turns.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

type Messages = MessagesOf<typeof storeContract>;

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** A data folder and a key file beside it; they outlive the lives of the actor. */
export class Place {
  readonly root: string;
  readonly home: string;
  readonly keyfile: string;

  private constructor(root: string) {
    this.root = root;
    this.home = join(root, 'home');
    this.keyfile = join(root, 'config', 'key');
  }

  static async make(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), 'granary-store-')));
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

export interface LifeOptions {
  readonly keys?: 'keyfile' | 'passphrase' | 'plain';
  readonly keyfile?: string;
  readonly passphrase?: string;
  readonly restore?: string;
  readonly backupHours?: number;
  readonly backupKeep?: number;
  readonly steps?: readonly string[];
}

/** 2023-11-14, when every signed object of these tests is valid. */
export const NOW = 1_700_000_000;

/** One life of the actor on a data folder, with real files, one turn after another as the kernel gives them. */
export class Life {
  readonly clock = new ManualClock(NOW * 1000);
  readonly log: LogLine[] = [];
  readonly metrics = new Map<string, number>();
  readonly #stopping = new AbortController();
  readonly #spawned: Promise<void>[] = [];
  readonly #turns = new Turns();
  #behaviour: Behaviour<Messages> | null = null;

  static async start(place: Place, options: LifeOptions = {}): Promise<Life> {
    const life = new Life();
    const context = life.#context(place, options);
    life.#behaviour =
      options.steps === undefined ? await store.start(context) : await startStore(context, options.steps);
    return life;
  }

  ask<K extends KeysOf<Messages, 'ask'>>(
    name: K,
    request: RequestOf<Messages[K]>,
  ): Promise<ReplyOf<Messages[K]>> {
    const handler = this.#behaviour!.handlers[name] as (request: unknown, call: unknown) => unknown;
    let held: Promise<unknown> | null = null;
    const call = {
      signal: this.#stopping.signal,
      remainingMs: () => 60_000,
      hold(until: Promise<unknown>) {
        held = until;
      },
    };
    const turn = this.#turns.run(() => handler(request, call)) as Promise<ReplyOf<Messages[K]>>;
    return turn.then(async (answer) => {
      await held;
      return answer;
    });
  }

  async backup(path: string, hashLists = true): Promise<BackupResult> {
    const call = { signal: this.#stopping.signal, remainingMs: () => Number.POSITIVE_INFINITY };
    for await (const made of this.#behaviour!.handlers.backup({ path, hashLists }, call)) return made;
    throw new Error('the backup ended without a result');
  }

  leaseChanges(signal: AbortSignal): AsyncIterator<{ contentIds: readonly string[] }> {
    const call = { signal, remainingMs: () => Number.POSITIVE_INFINITY };
    return this.#behaviour!.handlers.leaseChanges(null, call)[Symbol.asyncIterator]();
  }

  /** Until what runs beside the messages has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#spawned.splice(0));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#behaviour!.stop!();
    await this.settled();
  }

  said(message: string | RegExp): LogLine[] {
    return this.log.filter((line) => line.message.match(message));
  }

  #context(
    place: Place,
    { keys, keyfile, passphrase, restore, backupHours, backupKeep }: LifeOptions,
  ): StoreContext {
    const write = (level: LogLine['level']) => (fields: object, message: string) =>
      void this.log.push({ level, fields, message });
    return {
      name: 'store',
      member: 0,
      epoch: 1,
      config: storeConfig.parse({
        home: place.home,
        keyfile: keyfile ?? place.keyfile,
        ...(keys && { keys }),
        ...(passphrase !== undefined && { passphrase }),
        ...(restore !== undefined && { restore }),
        ...(backupKeep !== undefined && { backupKeep }),
        // What goes on for ever is only begun where it is looked at.
        backupHours: backupHours ?? 0,
      }),
      clock: this.clock,
      refs: {},
      slab: new LifeSlab(new SlabKeeper().begin()),
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      metrics: {
        add: (name, amount) => void this.metrics.set(name, (this.metrics.get(name) ?? 0) + amount),
        set: (name, value) => void this.metrics.set(name, value),
        get: (name) => this.metrics.get(name) ?? 0,
      },
      signal: this.#stopping.signal,
      spawn: (work) =>
        void this.#spawned.push(
          work().catch((error) => {
            if (!this.#stopping.signal.aborted) throw error;
          }),
        ),
    };
  }
}
