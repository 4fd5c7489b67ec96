import { isUtf8 } from 'node:buffer';
import { MANIFEST_LIMITS } from '../../protocol/objects/manifest-contents.ts';

/** Names of unfinished downloads of any Granary node. */
const UNFINISHED = /^\.granary-[0-9a-f]{12}-\d+\.part$/;

/** Why an entry of a folder cannot be in a manifest; null: it can. `parent`: its folder's path inside the share. */
export function refusedName(name: Uint8Array, parent: string): string | null {
  if (!isUtf8(name)) return 'its name is not UTF-8';
  if (name.length > MANIFEST_LIMITS.name) return `its name is longer than ${MANIFEST_LIMITS.name} bytes`;
  if (Buffer.byteLength(itemPath(parent, '')) + name.length > MANIFEST_LIMITS.path) {
    return `its path is longer than ${MANIFEST_LIMITS.path} bytes`;
  }
  return UNFINISHED.test(Buffer.from(name).toString()) ? 'unfinished download' : null;
}

/** Path inside the share of what lies in a folder of it; the share's own folder is the empty path. */
export function itemPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}
