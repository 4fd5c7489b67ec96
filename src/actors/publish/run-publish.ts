import { failure } from '../../errors.ts';
import { MANIFEST_LIMITS } from '../../protocol/objects/manifest-contents.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { catalogItem } from './catalog-item.ts';
import type { PublishContext } from './context.ts';
import type { PublishEvent, PublishRequest, PublishResult } from './contract.ts';
import { FileWalk, type FoundFile } from './file-walk.ts';
import { hashChanged, type KnownFile } from './hash-changed.ts';
import { pinnedLink } from './pinned-link.ts';
import { PublishMeter } from './publish-meter.ts';
import { rootsOf } from './roots.ts';
import { seenSeq } from './seen-seq.ts';
import { tooLarge } from './share-limits.ts';
import { defaultShareName } from './share-name.ts';
import { SkippedFiles } from './skipped-files.ts';

/**
 * Publishes: finds the files, hashes those that changed, signs the revision. `title` null keeps the title the share
 * has, the empty one takes it away. A share that is being published already is `E_BUSY`. `running`: names of
 * shares under way.
 */
export async function* runPublish(
  context: PublishContext,
  running: Set<string>,
  request: PublishRequest,
  signal: AbortSignal,
): AsyncGenerator<PublishEvent, void, undefined> {
  checkTitle(request.title);
  const skipped = new SkippedFiles();
  const from = context.clock.now();
  const roots = await rootsOf(request.paths, skipped);
  if (roots.length === 0) throw nothingLeft(skipped);
  const places = roots.map(({ path }) => path);
  const name = request.share ?? (await defaultShareName(context, places, signal));
  if (running.has(name)) {
    throw failure('E_BUSY', `the share ${name} is being published right now`, {
      subject: name,
      retryable: true,
      next: 'wait for the other publish to end, or name another share with --share',
    });
  }
  running.add(name);
  try {
    yield* publishShare(context, { ...request, share: name }, roots, skipped, from, signal);
  } finally {
    running.delete(name);
  }
}

async function* publishShare(
  context: PublishContext,
  request: PublishRequest & { readonly share: string },
  roots: Awaited<ReturnType<typeof rootsOf>>,
  skipped: SkippedFiles,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<PublishEvent, void, undefined> {
  const { clock, metrics, refs } = context;
  const meter = new PublishMeter();
  const walk = new FileWalk(skipped);
  for await (const _ of walk.run(roots, signal)) {
    meter.files = walk.count;
    meter.filesTotal = walk.count;
    meter.bytesTotal = walk.bytes;
    const progress = meter.due(clock.now());
    if (progress) yield { kind: 'progress', progress };
  }
  const refused = await tooLarge(walk, request.title);
  if (refused) throw refused;
  if (walk.files.length === 0) throw nothingLeft(skipped);
  const walked = clock.now();

  const share = await refs.store.ask('openShare', { name: request.share }, { signal });
  const { known, changed } = await splitByChange(context, share.shareId, walk.files, signal);
  meter.phase = 'hash';
  meter.files = known.length;
  meter.filesTotal = walk.files.length;
  meter.bytesTotal = walk.bytes;
  meter.kept = known.reduce((sum, { source }) => sum + source.size, 0);
  yield { kind: 'progress', progress: meter.at(clock.now()) };
  let hashedBytes = 0;
  for await (const files of hashChanged(context, changed, meter, skipped, signal)) {
    known.push(...files);
    for (const { source } of files) hashedBytes += source.size;
    const progress = meter.due(clock.now());
    if (progress) yield { kind: 'progress', progress };
  }
  if (known.length === 0) throw nothingLeft(skipped);
  const hashed = clock.now();

  meter.phase = 'commit';
  yield { kind: 'progress', progress: meter.at(hashed) };
  known.sort((a, b) => (a.inside < b.inside ? -1 : 1));
  const title = request.title ?? share.title;
  const items = known.map(({ inside, source, chunkListHash }) =>
    catalogItem(inside, source.size, source.contentId, chunkListHash),
  );
  const {
    seq,
    manifestId,
    changed: signed,
  } = await refs.store.ask(
    'commitRevision',
    {
      shareId: share.shareId,
      title: title === '' ? null : title,
      public: request.public,
      items,
      sources: known.map(({ source }) => source),
      seenSeq: share.unsure ? await seenSeq(context, share.shareKey, signal) : 0,
    },
    { signal },
  );
  metrics.add('shares_published', 1);
  if (signed) metrics.add('files_published', items.length);
  const link = await pinnedLink(context, share.shareKey);
  const end = clock.now();
  const result: PublishResult = {
    share_id: share.shareId,
    share_key: share.shareKey,
    link,
    seq,
    manifest_id: manifestId,
    items: items.length,
    bytes: items.reduce((sum, { size }) => sum + size, 0),
    hashed_bytes: hashedBytes,
    skipped: skipped.list(),
    seconds: (end - from) / 1000,
    spent: {
      walk: (walked - from) / 1000,
      hash: (hashed - walked) / 1000,
      commit: (end - hashed) / 1000,
    },
  };
  yield { kind: 'done', result };
}

/** What looks as it did at the last publish keeps its hashes. */
async function splitByChange(
  { refs }: PublishContext,
  shareId: string,
  files: readonly FoundFile[],
  signal: AbortSignal,
): Promise<{ known: KnownFile[]; changed: FoundFile[] }> {
  const sources = await refs.store.ask('sourcesOf', { shareId }, { signal });
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const known: KnownFile[] = [];
  const changed: FoundFile[] = [];
  for (const file of files) {
    const { path, inside, size, mtimeNs, ctimeNs, inode } = file;
    const last = byPath.get(path);
    const same =
      last !== undefined &&
      last.size === size &&
      last.mtimeNs === mtimeNs &&
      last.ctimeNs === ctimeNs &&
      last.inode === inode;
    if (!same) changed.push(file);
    else {
      const { contentId, chunkListHash } = last;
      known.push({ inside, chunkListHash, source: { contentId, path, size, mtimeNs, ctimeNs, inode } });
    }
  }
  return { known, changed };
}

function nothingLeft(skipped: SkippedFiles): ActorError {
  const listed = skipped.list();
  const [first] = listed;
  if (first === undefined) {
    return failure('E_PATH_INVALID', 'there is no file in it', { next: 'name a folder that holds files' });
  }
  if (listed.every(({ reason }) => reason === 'changed while hashing')) {
    return failure('E_FILE_CHANGED', 'every file changed while it was hashed', {
      subject: first.path,
      retryable: true,
    });
  }
  const more = skipped.count > 1 ? `, and ${skipped.count - 1} more` : '';
  return failure('E_PATH_INVALID', `nothing is left to publish: ${first.reason}${more}`, {
    subject: first.path,
    next:
      first.reason === 'symlink'
        ? 'links are not followed: name the file or folder that the link points to'
        : 'name files, or a folder that holds some, which this node may read',
  });
}

function checkTitle(title: string | null): void {
  if (title === null) return;
  if (Buffer.byteLength(title) <= MANIFEST_LIMITS.title && title.isWellFormed() && !title.includes('\0'))
    return;
  throw failure('E_USAGE', `a title has at most ${MANIFEST_LIMITS.title} bytes of text`, { subject: title });
}
