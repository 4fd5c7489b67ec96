import { failure } from '../../errors.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import type { Catalog, ItemPage, KnownShare } from './catalog.ts';
import { isHexId } from './hex-ids.ts';

/** Shorter beginnings of an id would be mistaken for names. */
const SHORT_ID = /^[0-9a-f]{6,63}$/i;

const PAGE = 1_000;

/**
 * A page of the items that a target names: a share (by id, by the beginning of it, or an own one by name), a path in one, or a
 * content id; then they are the same file, once for each share that lists it, the best share first. `E_NOT_FOUND` for
 * none, `E_USAGE` for a beginning that several shares have.
 */
export function resolveTarget(catalog: Catalog, target: string, cursor: number): ItemPage {
  const slash = target.indexOf('/');
  const head = slash < 0 ? target : target.slice(0, slash);
  const path = slash < 0 ? '' : target.slice(slash + 1).replace(/\/+$/, '');
  const share = shareNamed(catalog, head);
  if (share === null) {
    const items = slash < 0 && isHexId(target) ? catalog.withContent(fromHex(target, 32)!) : [];
    if (items.length > 0) return { items, next: null };
    throw failure('E_NOT_FOUND', 'no content and no share of that id or name is known here', {
      subject: target,
    });
  }
  if (share.manifest === null) {
    throw failure('E_NOT_FOUND', 'nothing is known yet of what is in that share', { subject: target });
  }
  if (path === '') return catalog.pageOf(share, cursor, PAGE);
  const page = catalog.pageAt(share, path, cursor, PAGE);
  if (page.items.length > 0 || cursor > 0) return page;
  throw failure('E_NOT_FOUND', 'the share has no file and no folder of that path', { subject: target });
}

/** By its id, by its name, or by the beginning of its id. Null: none is known. `E_USAGE` for a beginning that several have. */
export function shareNamed(catalog: Catalog, text: string): KnownShare | null {
  if (isHexId(text)) return catalog.share(fromHex(text, 32)!);
  const shares = catalog.shares();
  const named = shares.find((share) => share.name === text);
  if (named !== undefined) return named;
  if (!SHORT_ID.test(text)) return null;
  const begin = text.toLowerCase();
  const matches = shares.filter((share) => share.shareId.startsWith(begin));
  if (matches.length > 1) {
    throw failure('E_USAGE', `${matches.length} shares begin with ${begin}`, {
      subject: text,
      next: 'write more of the id',
    });
  }
  return matches[0] ?? null;
}
