import { type Blake3, blake3Implementation, createBlake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { ActorError, toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { checkPart } from './check-part.ts';
import type { FilePart } from './contract.ts';
import { hashSmallFile, hashSpan } from './hash-span.ts';
import { OpenFile } from './open-file.ts';
import {
  type PartOutcome,
  type PoolResult,
  type PoolTask,
  type ScanOutcome,
  SPAN,
  spansOf,
} from './pool-task.ts';

interface WholeHash {
  readonly file: OpenFile;
  readonly state: Blake3;
  nextSpan: number;
}

/** Whole-file hashes under way on this thread. */
const wholes = new Map<number, WholeHash>();

/** Answers one task. What is wrong with a file is a result; anything thrown is a bug. */
export default function answer(task: PoolTask): PoolResult {
  switch (task.kind) {
    case 'hello':
      return { kind: 'hello', implementation: blake3Implementation };
    case 'scan':
      return scan(task);
    case 'whole':
      return whole(task);
    case 'chunks':
      return chunksOf(task);
    case 'check':
      return { kind: 'check', outcomes: task.parts.map(check) };
    case 'drop':
      drop(task.hash);
      return { kind: 'dropped' };
  }
}

function scan({ paths, chunks }: PoolTask & { kind: 'scan' }): PoolResult {
  const outcomes: ScanOutcome[] = [];
  let octets = 0;
  for (const path of paths) {
    const outcome = scanFile(path, chunks);
    outcomes.push(outcome);
    if (outcome.kind === 'hashed') octets += outcome.look.size;
    if (octets >= SPAN) break;
  }
  return { kind: 'scan', outcomes };
}

function scanFile(path: string, chunks: boolean): ScanOutcome {
  let file: OpenFile | null = null;
  try {
    file = OpenFile.open(path);
    return file.look.size <= SPAN ? hashSmallFile(file, chunks) : { kind: 'large', look: file.look };
  } catch (error) {
    return failed(error);
  } finally {
    file?.close();
  }
}

function whole(task: PoolTask & { kind: 'whole' }): PoolResult {
  try {
    const hash = task.span === 0 ? begin(task) : wholes.get(task.hash);
    if (hash === undefined || hash.nextSpan !== task.span) return { kind: 'unknown-hash' };
    const { size } = hash.file.look;
    const from = task.span * SPAN;
    const hashes = hashSpan(hash.file, from, Math.min(from + SPAN, size), hash.state, task.chunks);
    hash.nextSpan++;
    if (hash.nextSpan < spansOf(size)) return { kind: 'span', hashes, contentId: null };
    hash.file.check();
    const contentId = toHex(hash.state.digest());
    drop(task.hash);
    return { kind: 'span', hashes, contentId };
  } catch (error) {
    drop(task.hash);
    return failed(error);
  }
}

function begin(task: PoolTask & { kind: 'whole' }): WholeHash {
  drop(task.hash);
  const hash = { file: OpenFile.openSame(task.path, task.look), state: createBlake3(), nextSpan: 0 };
  wholes.set(task.hash, hash);
  return hash;
}

function chunksOf(task: PoolTask & { kind: 'chunks' }): PoolResult {
  let file: OpenFile | null = null;
  try {
    file = OpenFile.openSame(task.path, task.look);
    const from = task.span * SPAN;
    const hashes = hashSpan(file, from, Math.min(from + SPAN, file.look.size), null, true);
    file.check();
    return { kind: 'span', hashes, contentId: null };
  } catch (error) {
    return failed(error);
  } finally {
    file?.close();
  }
}

function check({ path, from, to }: FilePart): PartOutcome {
  let file: OpenFile | null = null;
  try {
    file = OpenFile.open(path);
    return { kind: 'checked', look: file.look, ...checkPart(file, from, to) };
  } catch (error) {
    return failed(error);
  } finally {
    file?.close();
  }
}

function drop(hash: number): void {
  wholes.get(hash)?.file.close();
  wholes.delete(hash);
}

function failed(error: unknown): { kind: 'failed'; error: ReturnType<typeof toErrorRecord> } {
  if (!(error instanceof ActorError)) throw error;
  return { kind: 'failed', error: toErrorRecord(error) };
}
