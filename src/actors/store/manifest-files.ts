import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import type { Hex } from '../content-types.ts';
import { writeFileDurably } from './durable-file.ts';
import type { SmallFiles } from './small-files.ts';

/** Encoded manifests, a file each, named by their ids. The database says which of them count. */
export class ManifestFiles {
  readonly #folder: string;
  readonly #files: SmallFiles;
  readonly #log: Log;

  constructor(folder: string, files: SmallFiles, log: Log) {
    this.#folder = folder;
    this.#files = files;
    this.#log = log;
  }

  /** Durable when it resolves. Writing the same one again is no harm. */
  async write(manifestId: Hex, octets: Uint8Array): Promise<void> {
    await writeFileDurably(this.#path(manifestId), octets);
  }

  /** The octets that were written; null, and a line in the log, when they are gone or not what they were. */
  async read(manifestId: Hex, length: number, digest: Uint8Array): Promise<Uint8Array | null> {
    const path = this.#path(manifestId);
    let octets: Uint8Array;
    try {
      octets = await this.#files.read(path, length);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // Too many open files, say, is no fault of this one.
      if (code !== 'ENOENT' && code !== 'EIO' && code !== 'EISDIR') throw error;
      this.#log.error({ path, reason: message }, 'a manifest cannot be read');
      return null;
    }
    if (bytesEqual(blake3(octets), digest)) return octets;
    this.#log.error({ path }, 'a manifest is damaged on disk');
    return null;
  }

  async remove(manifestId: Hex): Promise<void> {
    await rm(this.#path(manifestId), { force: true });
  }

  /** Removes the files of which `known` says no; the ids that are left. */
  async sweep(known: (manifestId: Hex) => boolean): Promise<ReadonlySet<Hex>> {
    const left = new Set<Hex>();
    for (const name of await readdir(this.#folder)) {
      if (known(name)) left.add(name);
      else {
        this.#log.info({ file: name }, 'a manifest that nothing refers to is removed');
        await rm(join(this.#folder, name), { force: true, recursive: true });
      }
    }
    return left;
  }

  #path(manifestId: Hex): string {
    return join(this.#folder, manifestId);
  }
}
