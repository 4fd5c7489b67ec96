import { setImmediate } from 'node:timers/promises';
import { failure } from '../../errors.ts';
import { createBlake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { type ErrorRecord, toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { HashedFile } from './contract.ts';
import { type FileStep, LargeFile } from './large-file.ts';
import type { JobStep, PoolJob } from './pool.ts';
import type { FileLook, PoolResult, PoolTask, ScanOutcome } from './pool-task.ts';

/** Paths a task looks at: enough that its way to the thread and back does not count. */
const PATHS_A_SCAN = 64;
/** Results that may lie here unclaimed before no new file is begun. */
const MAX_UNCLAIMED_FILES = 1024;
const MAX_UNCLAIMED_OCTETS = 4 << 20;
/** Octets of a chunk hash list that this thread hashes in one go. */
const LIST_SLICE = 256 << 10;

export type HashResult = HashedFile | { readonly index: number; readonly error: ErrorRecord };

export interface HashJobOptions {
  /** False: content ids alone. */
  readonly chunks: boolean;
  /** A result, or progress. */
  onChange(): void;
  /** Runs what nobody waits for; what it throws is a bug. */
  spawn(work: () => Promise<void>): void;
  /** To a thread, without an answer. */
  send(thread: number, task: PoolTask): void;
}

/** Numbers of whole-file hashes, over all jobs. */
let lastHash = 0;

/** The hashing of some files: what is to be done next, and what came out. */
export class HashJob implements PoolJob {
  readonly #paths: readonly string[];
  readonly #options: HashJobOptions;
  /** Places in `paths` that a scan did not come to. */
  readonly #again: number[] = [];
  /** Places whose thread died during the scan: each is looked at alone. */
  readonly #suspects: number[] = [];
  #nextPath = 0;
  /** Large files that nobody hashes yet. */
  readonly #waiting: LargeFile[] = [];
  readonly #open = new Set<LargeFile>();
  readonly #results: HashResult[] = [];
  #unclaimedOctets = 0;
  #settled = 0;
  #octets = 0;
  #most = 0;
  #cancelled = false;

  constructor(paths: readonly string[], options: HashJobOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  /** Every file has a result, and all were taken. */
  get ended(): boolean {
    return this.#settled === this.#paths.length && this.#results.length === 0;
  }

  /** Octets hashed. Only rises. */
  get octets(): number {
    let now = this.#octets;
    for (const file of this.#open) now += file.octets;
    this.#most = Math.max(this.#most, now);
    return this.#most;
  }

  /** Results in order of their coming, up to so many files and about so many octets of hashes; one at least. */
  take(maxFiles: number, maxOctets: number): readonly HashResult[] {
    let count = 0;
    for (let octets = 0; count < this.#results.length && count < maxFiles && octets < maxOctets; count++) {
      octets += hashOctets(this.#results[count]!);
    }
    const taken = this.#results.splice(0, count);
    for (const result of taken) this.#unclaimedOctets -= hashOctets(result);
    return taken;
  }

  /** Whoever waited is gone. */
  cancel(): void {
    this.#cancelled = true;
    for (const file of this.#open) this.#close(file);
  }

  needs(thread: number): boolean {
    for (const file of this.#open) if (file.owner === thread) return true;
    return false;
  }

  next(thread: number, idle: boolean, leaving = false): JobStep | null {
    if (this.#cancelled) return null;
    for (const file of this.#open) {
      if (file.owner === thread && (idle || !file.suspect)) {
        const step = file.nextWhole();
        if (step) return this.#stepOf(file, step);
      }
    }
    return leaving ? null : (this.#nextFile(thread, idle) ?? this.#help(idle));
  }

  #nextFile(thread: number, idle: boolean): JobStep | null {
    if (this.#results.length > MAX_UNCLAIMED_FILES || this.#unclaimedOctets > MAX_UNCLAIMED_OCTETS) {
      return null;
    }
    const place = this.#waiting.findIndex((file) => idle || !file.suspect);
    if (place >= 0) {
      const file = this.#waiting.splice(place, 1)[0]!;
      file.owner = thread;
      return this.#stepOf(file, file.nextWhole()!);
    }
    if (idle && this.#suspects.length > 0) return this.#scan([this.#suspects.shift()!], true);
    // What is known to be large comes first, so that nothing but paths piles up here.
    if (this.#waiting.length > 0) return null;
    const places = this.#again.splice(0, PATHS_A_SCAN);
    while (places.length < PATHS_A_SCAN && this.#nextPath < this.#paths.length) places.push(this.#nextPath++);
    return places.length > 0 ? this.#scan(places, false) : null;
  }

  #help(idle: boolean): JobStep | null {
    for (const file of this.#open) {
      if (file.owner === null || (file.suspect && !idle)) continue;
      const step = file.nextChunks();
      if (step) return this.#stepOf(file, step);
    }
    return null;
  }

  #scan(places: readonly number[], alone: boolean): JobStep {
    return {
      task: { kind: 'scan', paths: places.map((place) => this.#paths[place]!), chunks: this.#options.chunks },
      alone,
      done: (result) => {
        if (result.kind !== 'scan') throw new TypeError(`a scan was answered by ${result.kind}`);
        for (const [i, outcome] of result.outcomes.entries()) this.#scanned(places[i]!, outcome);
        this.#again.push(...places.slice(result.outcomes.length));
        this.#options.onChange();
      },
      lost: (cause) => {
        if (alone) this.#fail(places[0]!, threadFailure(this.#paths[places[0]!]!, cause));
        else this.#suspects.push(...places);
        this.#options.onChange();
      },
    };
  }

  #scanned(index: number, outcome: ScanOutcome): void {
    if (outcome.kind === 'failed') return this.#fail(index, outcome.error);
    if (outcome.kind === 'large') {
      const file = new LargeFile(index, this.#paths[index]!, outcome.look, this.#options.chunks, ++lastHash);
      this.#waiting.push(file);
      this.#open.add(file);
      return;
    }
    const { contentId, hashes, chunkListHash, look } = outcome;
    this.#octets += look.size;
    this.#succeed({ index, contentId, hashes, chunkListHash }, look);
  }

  #stepOf(file: LargeFile, step: FileStep): JobStep {
    const alone = file.suspect;
    return {
      task: step.task,
      alone,
      done: (result) => {
        if (!file.closed) this.#stepDone(file, step, result);
      },
      lost: (cause) => {
        if (file.closed) return;
        if (alone) this.#failFile(file, threadFailure(file.path, cause));
        else {
          file.suspect = true;
          this.#doAgain(file, step);
        }
        this.#options.onChange();
      },
    };
  }

  #stepDone(file: LargeFile, step: FileStep, result: PoolResult): void {
    switch (result.kind) {
      case 'span':
        // Once complete, nothing more of the file is under way but what a dead thread began.
        if (file.complete) return;
        file.took(step, result.hashes, result.contentId);
        if (file.complete) this.#options.spawn(() => this.#finish(file));
        break;
      case 'failed':
        this.#failFile(file, result.error);
        break;
      case 'unknown-hash':
        this.#doAgain(file, step);
        break;
      default:
        throw new TypeError(`${step.task.kind} was answered by ${result.kind}`);
    }
    this.#options.onChange();
  }

  /** The step was not done: its chunks are for whoever comes, and a whole-file hash has to begin anew. */
  #doAgain(file: LargeFile, step: FileStep): void {
    file.lost(step);
    if (step.task.kind !== 'whole' || step.task.hash !== file.hash) return;
    this.#drop(file);
    file.restart(++lastHash);
    this.#waiting.unshift(file);
  }

  #drop(file: LargeFile): void {
    if (file.owner !== null) this.#options.send(file.owner, { kind: 'drop', hash: file.hash });
  }

  async #finish(file: LargeFile): Promise<void> {
    const list = createBlake3();
    for (let at = 0; at < file.hashes.length; at += LIST_SLICE) {
      if (at > 0) await setImmediate();
      list.update(file.hashes.subarray(at, at + LIST_SLICE));
    }
    if (file.closed) return;
    this.#close(file);
    this.#octets += file.look.size;
    const { index, hashes } = file;
    this.#succeed(
      { index, contentId: file.contentId!, hashes, chunkListHash: toHex(list.digest()) },
      file.look,
    );
    this.#options.onChange();
  }

  #close(file: LargeFile): void {
    file.closed = true;
    this.#open.delete(file);
    if (file.contentId === null) this.#drop(file);
  }

  #failFile(file: LargeFile, error: ErrorRecord): void {
    this.#close(file);
    const place = this.#waiting.indexOf(file);
    if (place >= 0) this.#waiting.splice(place, 1);
    this.#fail(file.index, error);
  }

  #succeed(
    hashed: Pick<HashedFile, 'index' | 'contentId' | 'hashes' | 'chunkListHash'>,
    look: FileLook,
  ): void {
    const { size, mtimeNs, ctimeNs, inode } = look;
    this.#settle({ ...hashed, size, mtimeNs, ctimeNs, inode });
  }

  #fail(index: number, error: ErrorRecord): void {
    this.#settle({ index, error });
  }

  #settle(result: HashResult): void {
    this.#settled++;
    if (this.#cancelled) return;
    this.#results.push(result);
    this.#unclaimedOctets += hashOctets(result);
  }
}

const hashOctets = (result: HashResult): number => ('hashes' in result ? result.hashes.length : 0);

const threadFailure = (path: string, cause: unknown): ErrorRecord =>
  toErrorRecord(
    failure('E_INTERNAL', 'the thread that hashed the file died of it, twice', { subject: path, cause }),
  );
