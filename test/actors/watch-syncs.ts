import { type FileHandle, open } from 'node:fs/promises';

/** Calls `before` whenever a file handle is about to be synced, until disposed. `folder`: any that is there. */
export async function watchSyncs(folder: string, before: () => void): Promise<Disposable> {
  const handle = await open(folder, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  prototype.sync = function (this: FileHandle) {
    before();
    return sync.call(this);
  };
  return {
    [Symbol.dispose]() {
      prototype.sync = sync;
    },
  };
}
