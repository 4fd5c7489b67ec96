import { constants } from 'node:fs';
import { chmod, copyFile as cloneFile, type FileHandle, open } from 'node:fs/promises';
import { ioFailure } from '../../errors.ts';

const PIECE = 1 << 20;
const MODE = 0o600;

/**
 * Copies a file to one that does not exist yet: shares its blocks where the file system can, else piece by piece, so
 * that an abort is heeded. `onBytes` hears of the octets as they are copied. Rejects with the reason of the signal, or
 * an error of the disk whose subject is the one of both paths it happened to.
 */
export async function copyFile(
  from: string,
  to: string,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<void> {
  signal.throwIfAborted();
  if (await cloned(from, to)) return;
  await using source = await opened(from, constants.O_RDONLY);
  await using target = await opened(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  const piece = Buffer.allocUnsafe(PIECE);
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await source.read(piece, 0, PIECE, at).catch((error) => fail(error, from));
    if (bytesRead === 0) return;
    await writeAll(target, piece.subarray(0, bytesRead), at).catch((error) => fail(error, to));
    at += bytesRead;
    onBytes(bytesRead);
  }
}

/** Only where the blocks can be shared: a copy by the system could not be stopped. */
async function cloned(from: string, to: string): Promise<boolean> {
  try {
    await cloneFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    await chmod(to, MODE);
    return true;
  } catch {
    return false;
  }
}

async function opened(path: string, flags: number): Promise<FileHandle> {
  return await open(path, flags | (constants.O_NOFOLLOW ?? 0), MODE).catch((error) => fail(error, path));
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function fail(error: unknown, path: string): never {
  throw ioFailure(error, path);
}
