import { basename, sep } from 'node:path';
import type { PublishContext } from './context.ts';

/** Octets of a name made here: short enough for a number behind it. */
const MAX_OCTETS = 200;
/** What would be taken for the id of a share. */
const ID = /^[0-9a-f]{64}$/i;

/**
 * The name of a share that the operator gave none: that of its first place. The same place again is the same share. If
 * the share of that name holds files of other places only, it is somebody else's: the next free number is taken, so
 * that /a/music does not replace what /b/music was.
 */
export async function defaultShareName(
  { refs }: PublishContext,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const shares = new Map((await refs.store.ask('ownShares', null, { signal })).map((own) => [own.name, own]));
  const first = nameOf(paths[0]!);
  for (let count = 1; ; count++) {
    const name = count === 1 ? first : `${first}-${count}`;
    const share = shares.get(name);
    if (share === undefined) return name;
    const sources = await refs.store.ask('sourcesOf', { shareId: share.shareId }, { signal });
    if (sources.length === 0 || sources.some(({ path }) => liesIn(path, paths))) return name;
  }
}

function nameOf(path: string): string {
  const plain = basename(path).replaceAll(/\p{Cc}/gu, '_') || 'root';
  const name = ID.test(plain) ? `share ${plain}` : plain;
  let end = name.length;
  while (Buffer.byteLength(name.slice(0, end)) > MAX_OCTETS || !name.slice(0, end).isWellFormed()) end--;
  return name.slice(0, end);
}

const liesIn = (path: string, places: readonly string[]): boolean =>
  places.some((place) => path === place || path.startsWith(place.endsWith(sep) ? place : place + sep));
