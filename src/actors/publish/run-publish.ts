import { failure } from '../../errors.ts';
import { MANIFEST_LIMITS } from '../../protocol/objects/manifest-contents.ts';
import type { PublishContext } from './context.ts';
import type { PublishEvent, PublishRequest } from './contract.ts';
import { publishShare } from './publish-share.ts';
import { placesOf } from './roots.ts';
import { defaultShareName } from './share-name.ts';

/**
 * Publishes: finds the files, hashes those that changed, signs the revision. What is null in the request stays as the
 * share has it; an empty title takes it away. Without paths, a share is published from where it was the last time. A
 * share that is being published already is `E_BUSY`. `running`: names of shares under way.
 * `restMs`: what was written less long ago waits.
 */
export async function* runPublish(
  context: PublishContext,
  running: Set<string>,
  request: PublishRequest,
  signal: AbortSignal,
  restMs = 0,
): AsyncGenerator<PublishEvent, void, undefined> {
  checkTitle(request.title);
  checkTags(request.tags);
  const from = context.clock.now();
  const { share: name, places } = await named(context, request, signal);
  if (running.has(name)) {
    throw failure('E_BUSY', `the share ${name} is being published right now`, {
      subject: name,
      retryable: true,
      next: 'wait for the other publish to end, or name another share with --share',
    });
  }
  running.add(name);
  try {
    yield* publishShare(context, { ...request, share: name }, places, from, restMs, signal);
  } finally {
    running.delete(name);
  }
}

async function named(
  context: PublishContext,
  { paths, share }: PublishRequest,
  signal: AbortSignal,
): Promise<{ share: string; places: readonly string[] }> {
  if (paths.length > 0) {
    const places = placesOf(paths);
    return { share: share ?? (await defaultShareName(context, places, signal)), places };
  }
  if (share === null) {
    throw failure('E_USAGE', 'neither a path nor a share is named', {
      next: 'name files and folders, or a share that was published before with --share',
    });
  }
  const known = (await context.refs.store.ask('ownShares', null, { signal })).find(
    ({ name }) => name === share,
  );
  if (known === undefined || known.roots.length === 0) {
    throw failure('E_NOT_FOUND', 'it is not known what that share was published from', {
      subject: share,
      next: 'name its files and folders',
    });
  }
  return { share, places: known.roots.map(({ path }) => path) };
}

function checkTitle(title: string | null): void {
  if (title === null || isText(title, MANIFEST_LIMITS.title)) return;
  throw failure('E_USAGE', `a title has at most ${MANIFEST_LIMITS.title} bytes of text`, { subject: title });
}

function checkTags(tags: readonly string[] | null): void {
  if (tags === null) return;
  const { tags: most, tag: longest } = MANIFEST_LIMITS;
  const bad = tags.find((tag) => tag === '' || !isText(tag, longest));
  if (bad !== undefined)
    throw failure('E_USAGE', `a tag has 1 to ${longest} bytes of text`, { subject: bad });
  if (tags.length > most) throw failure('E_USAGE', `a share has at most ${most} tags, not ${tags.length}`);
}

const isText = (text: string, limit: number): boolean =>
  Buffer.byteLength(text) <= limit && text.isWellFormed() && !text.includes('\0');
