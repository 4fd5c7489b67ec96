import { failure } from '../../errors.ts';
import { chunkCount } from '../../protocol/objects/chunks.ts';
import { MANIFEST_LIMITS } from '../../protocol/objects/manifest-contents.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { CommittedRevision, OwnShare, ShareRoot } from '../share-types.ts';
import { catalogItem } from './catalog-item.ts';
import type { PublishContext } from './context.ts';
import type { KnownFile } from './hash-changed.ts';
import { mimeOf } from './mime-types.ts';
import { seenSeq } from './seen-seq.ts';
import { itemOctets, planVolumes, VOLUME_LIMITS } from './volume-plan.ts';

/** A share as it is to be. */
export interface ShareContents {
  readonly share: OwnShare;
  readonly title: string | null;
  readonly public: boolean;
  readonly tags: readonly string[];
  readonly watch: boolean;
  readonly roots: readonly ShareRoot[];
  /** In the order of their paths. */
  readonly files: readonly KnownFile[];
  /** Which volume a file was in, by its path in the share. */
  readonly volumeOf: ReadonlyMap<string, number>;
}

export interface CommittedShare {
  /** Of the share itself, which in a collection changes only when volumes come and go. */
  readonly seq: number;
  readonly manifestId: string;
  readonly volumes: number;
  /** Manifests that were signed. */
  readonly revisions: number;
}

/** Volumes that one collection has. */
const MAX_VOLUMES = 512;
/** Octets of the title that the parts of a collection repeat. */
const PART_TITLE = 900;

/**
 * Makes it the share's new revision: one manifest where that carries everything, else a collection. What was a collection
 * once stays one. Yields after each manifest.
 */
export async function* commitShare(
  context: PublishContext,
  contents: ShareContents,
  signal: AbortSignal,
): AsyncGenerator<void, CommittedShare, undefined> {
  const { share, files } = contents;
  const chunks = files.reduce((sum, { source }) => sum + chunkCount(source.size), 0);
  const isOne = files.length <= VOLUME_LIMITS.items && chunks <= VOLUME_LIMITS.chunks;
  if (share.volumes === 0 && isOne) {
    try {
      const { changed, ...committed } = await commit(context, contents, share, files, [], signal);
      return { ...committed, volumes: 0, revisions: changed ? 1 : 0 };
    } catch (error) {
      // Its list is too long with all those names.
      if (!(error instanceof ActorError) || error.code !== 'E_SHARE_TOO_LARGE') throw error;
    }
  }
  return yield* commitCollection(context, contents, signal);
}

/** The volumes first: the share never lists what is not there. */
async function* commitCollection(
  context: PublishContext,
  contents: ShareContents,
  signal: AbortSignal,
): AsyncGenerator<void, CommittedShare, undefined> {
  const { refs } = context;
  const { share, title, tags, volumeOf } = contents;
  const plan = planVolumes(
    contents.files.map((file) => placed(file, tags)),
    volumeOf,
  );
  if (plan.length > MAX_VOLUMES) {
    throw failure(
      'E_SHARE_TOO_LARGE',
      `the files take ${plan.length} volumes, a collection has ${MAX_VOLUMES}`,
    );
  }
  const listed: string[] = [];
  let revisions = 0;
  for (const [number, files] of plan.entries()) {
    if (files.length === 0) continue;
    const volume = await refs.store.ask('openVolume', { shareId: share.shareId, volume: number }, { signal });
    const part = { ...contents, title: partTitle(title, number), roots: [], watch: false };
    const known = files.map(({ file }) => file);
    const { changed } = await commit(context, part, volume, known, [share.shareId], signal);
    if (changed) revisions++;
    listed.push(volume.shareId);
    yield;
  }
  const root = await commit(context, contents, share, [], listed, signal);
  if (root.changed) revisions++;
  await withdrawOthers(context, share, new Set(listed), signal);
  return { seq: root.seq, manifestId: root.manifestId, volumes: listed.length, revisions };
}

async function commit(
  context: PublishContext,
  { title, public: isPublic, tags, watch, roots }: Omit<ShareContents, 'files'>,
  share: OwnShare,
  files: readonly KnownFile[],
  recommended: readonly string[],
  signal: AbortSignal,
): Promise<CommittedRevision> {
  return await context.refs.store.ask(
    'commitRevision',
    {
      shareId: share.shareId,
      title,
      public: isPublic,
      items: files.map(({ inside, source, chunkListHash }) =>
        catalogItem(inside, source.size, source.contentId, chunkListHash, tags),
      ),
      sources: files.map(({ inside, source }) => ({ ...source, inside })),
      roots,
      tags,
      watch,
      recommended,
      seenSeq: share.unsure ? await seenSeq(context, share.shareKey, signal) : 0,
    },
    { signal },
  );
}

/** Volumes that ran empty. */
async function withdrawOthers(
  { refs }: PublishContext,
  share: OwnShare,
  listed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const { shareId } of await refs.store.ask('ownVolumes', { shareId: share.shareId }, { signal })) {
    if (!listed.has(shareId)) await refs.store.ask('unshare', { shareId, forgetKey: false }, { signal });
  }
}

/** Without the number of all parts: another part would change every one of them. */
function partTitle(title: string | null, number: number): string {
  const part = `part ${number + 1}`;
  if (title === null) return part;
  let end = Math.min(title.length, MANIFEST_LIMITS.title);
  while (Buffer.byteLength(title.slice(0, end)) > PART_TITLE || !title.slice(0, end).isWellFormed()) end--;
  return `${title.slice(0, end)}, ${part}`;
}

function placed(file: KnownFile, tags: readonly string[]) {
  const { inside } = file;
  const name = inside.slice(inside.lastIndexOf('/') + 1);
  return {
    file,
    inside,
    chunks: chunkCount(file.source.size),
    octets: itemOctets(name, inside, mimeOf(name), tags),
  };
}
