import { failure } from '../../errors.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { commitShare } from './commit-share.ts';
import type { PublishContext } from './context.ts';
import type { PublishEvent, PublishRequest, PublishResult } from './contract.ts';
import { FileWalk } from './file-walk.ts';
import { hashChanged } from './hash-changed.ts';
import { keptBusy, keptOffline, lastRevision, splitFiles, takeBusy } from './known-files.ts';
import { pinnedLink } from './pinned-link.ts';
import { PublishMeter } from './publish-meter.ts';
import { rootsOf } from './roots.ts';
import { leaveOutHuge, limitedFiles, tooMany } from './share-limits.ts';
import { CHANGED_WHILE_HASHING, SkippedFiles } from './skipped-files.ts';

/**
 * One publish of one share, from the walk to the link. `from`: when it began, monotonic milliseconds. A file that was
 * written less than `restMs` ago stays as the share has it.
 */
export async function* publishShare(
  context: PublishContext,
  request: PublishRequest & { readonly share: string },
  places: readonly string[],
  from: number,
  restMs: number,
  signal: AbortSignal,
): AsyncGenerator<PublishEvent, void, undefined> {
  const { clock, metrics, refs } = context;
  const skipped = new SkippedFiles();
  const own = (await refs.store.ask('ownShares', null, { signal })).find(
    ({ name }) => name === request.share,
  );
  const { roots, offline } = await rootsOf(places, own?.roots ?? [], skipped);
  if (roots.length === 0) throw nothingLeft(skipped);
  if (offline.length === roots.length) throw allOffline(request.share, roots[0]!.path);

  const meter = new PublishMeter();
  const walk = new FileWalk(skipped);
  const online = roots.filter((root) => !offline.includes(root));
  for await (const _ of walk.run(online, signal)) {
    meter.files = walk.count;
    meter.filesTotal = walk.count;
    meter.bytesTotal = walk.bytes;
    const progress = meter.due(clock.now());
    if (progress) yield { kind: 'progress', progress };
  }
  const refused = tooMany(walk);
  if (refused) throw refused;
  leaveOutHuge(walk, skipped);
  const { before, volumeOf } = await lastRevision(context, own, signal);
  const busy = takeBusy(walk, clock.wall(), restMs, skipped);
  const kept = [...keptOffline([...offline, ...walk.unreadable], before), ...keptBusy(busy, before)];
  if (walk.files.length + kept.length === 0) throw nothingLeft(skipped);
  const walked = clock.now();

  const share = own ?? (await refs.store.ask('openShare', { name: request.share }, { signal }));
  const { known, changed } = await splitFiles(context, walk.files, before, signal);
  known.push(...kept);
  meter.phase = 'hash';
  meter.files = known.length;
  meter.filesTotal = walk.files.length + kept.length;
  meter.kept = known.reduce((sum, { source }) => sum + source.size, 0);
  meter.bytesTotal = walk.bytes + kept.reduce((sum, { source }) => sum + source.size, 0);
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
  const contents = {
    share,
    title: (request.title ?? share.title) || null,
    public: request.public ?? share.public,
    tags: [...new Set(request.tags ?? share.tags)],
    watch: request.watch ?? share.watch,
    roots,
    files: known,
    volumeOf,
  };
  const committing = commitShare(context, contents, signal);
  let step = await committing.next();
  for (; !step.done; step = await committing.next()) {
    const progress = meter.due(clock.now());
    if (progress) yield { kind: 'progress', progress };
  }
  const committed = step.value;
  metrics.add('shares_published', 1);
  if (committed.revisions > 0) {
    metrics.add('files_published', known.length);
    // Missed, it is found by the next look of the DHT's own.
    refs.dht.tell('published', { shareId: share.shareId });
  }
  const link = await pinnedLink(context, share.shareKey);
  const end = clock.now();
  const result: PublishResult = {
    share_id: share.shareId,
    share_key: share.shareKey,
    name: request.share,
    link,
    seq: committed.seq,
    manifest_id: committed.manifestId,
    title: contents.title,
    public: contents.public,
    tags: contents.tags,
    watch: contents.watch,
    items: known.length,
    volumes: committed.volumes,
    revisions: committed.revisions,
    bytes: known.reduce((sum, { source }) => sum + source.size, 0),
    hashed_bytes: hashedBytes,
    offline: offline.map(({ path }) => path),
    skipped: skipped.list(),
    limited: limitedFiles(known.map(({ source }) => source)),
    seconds: (end - from) / 1000,
    spent: {
      walk: (walked - from) / 1000,
      hash: (hashed - walked) / 1000,
      commit: (end - hashed) / 1000,
    },
  };
  yield { kind: 'done', result };
}

function allOffline(share: string, path: string): ActorError {
  return failure('E_SHARE_OFFLINE', `nothing of the share ${share} is there: it stays as it was`, {
    subject: path,
    retryable: true,
  });
}

function nothingLeft(skipped: SkippedFiles): ActorError {
  const listed = skipped.list();
  const [first] = listed;
  if (first === undefined) {
    return failure('E_PATH_INVALID', 'there is no file in it', { next: 'name a folder that holds files' });
  }
  if (listed.every(({ reason }) => reason === CHANGED_WHILE_HASHING)) {
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
