import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** Calls `before` whenever a file is about to be synced, by its handle or its descriptor, until disposed. `folder`: any that is there. */
export async function watchSyncs(folder: string, before: () => void): Promise<Disposable> {
  const handle = await open(folder, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  const { fsync } = fs;
  prototype.sync = function (this: FileHandle) {
    before();
    return sync.call(this);
  };
  fs.fsync = ((fd, done) => {
    before();
    fsync(fd, done);
  }) as typeof fsync;
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      prototype.sync = sync;
      fs.fsync = fsync;
      syncBuiltinESMExports();
    },
  };
}
