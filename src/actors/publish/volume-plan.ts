import { MANIFEST_LIMITS } from '../../protocol/objects/manifest-contents.ts';
import { MAX_PAYLOAD } from '../../protocol/wire/limits.ts';

/** What one manifest carries. */
export interface VolumeLimits {
  readonly items: number;
  readonly chunks: number;
  readonly octets: number;
}

/** Beside the items: keys, signature, title, and the one share that a volume names. */
const FRAME = 8 * 1024;

export const VOLUME_LIMITS: VolumeLimits = {
  items: MANIFEST_LIMITS.items,
  chunks: MANIFEST_LIMITS.chunks,
  octets: MAX_PAYLOAD - FRAME,
};

/** A file as far as room in a manifest goes. */
export interface PlacedFile {
  readonly inside: string;
  readonly chunks: number;
  /** Of its item in the manifest, at most. */
  readonly octets: number;
}

class Volume<F extends PlacedFile> {
  readonly files: F[] = [];
  #chunks = 0;
  #octets = 0;

  /** False when there is no room for it. */
  add(file: F, limits: VolumeLimits): boolean {
    const fits =
      this.files.length < limits.items &&
      this.#chunks + file.chunks <= limits.chunks &&
      this.#octets + file.octets <= limits.octets;
    if (!fits) return false;
    this.files.push(file);
    this.#chunks += file.chunks;
    this.#octets += file.octets;
    return true;
  }

  isFull(limits: VolumeLimits): boolean {
    return this.files.length >= limits.items;
  }
}

/**
 * Spreads files over volumes: what was in one stays in it as long as it fits, so that a change changes one manifest. New
 * files go to the last volume, then where there is room, then to another one. `before`: the volumes of files by their
 * paths. The place in the result is the volume's number; a volume may be empty.
 */
export function planVolumes<F extends PlacedFile>(
  files: readonly F[],
  before: ReadonlyMap<string, number>,
  limits: VolumeLimits = VOLUME_LIMITS,
): readonly (readonly F[])[] {
  const volumes: Volume<F>[] = [];
  const loose: F[] = [];
  for (const file of files) {
    const number = before.get(file.inside);
    if (number === undefined) {
      loose.push(file);
      continue;
    }
    while (volumes.length <= number) volumes.push(new Volume());
    if (!volumes[number]!.add(file, limits)) loose.push(file);
  }
  // Looked through from the last to the first, then a new one; full ones once.
  let open = [...volumes].reverse().filter((volume) => !volume.isFull(limits));
  for (const file of loose) {
    const volume = open.find((each) => each.add(file, limits));
    if (volume === undefined) {
      const fresh = new Volume<F>();
      // A file that fits no volume is told by whoever signs.
      if (!fresh.add(file, limits)) fresh.files.push(file);
      volumes.push(fresh);
      open.unshift(fresh);
    } else if (volume.isFull(limits)) {
      open = open.filter((each) => each !== volume);
    }
  }
  return volumes.map((volume) => volume.files);
}

/** Two hashes as lists of numbers, the keys, the size, the heads of texts: nothing takes more. */
const ITEM_OCTETS = 2 * (2 + 32 * 2) + 128;

/** Octets that an item takes in a manifest, at most. */
export function itemOctets(
  name: string,
  path: string | null,
  mime: string | null,
  tags: readonly string[],
): number {
  const texts = [name, path ?? '', mime ?? '', ...tags];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 5, ITEM_OCTETS);
}
