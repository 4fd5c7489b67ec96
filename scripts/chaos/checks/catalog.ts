import type { Subject } from '../subject.ts';
import { must } from '../violation.ts';

/** What a node has been told of shares, and so has to know after any start. */
export class KnownCatalog {
  readonly #shares = new Map<string, { seq: number; link: string | null }>();

  /** `link` of an own share; null: subscribed. */
  note(shareId: string, seq: number, link: string | null): void {
    this.#shares.set(shareId, { seq, link });
  }

  get shares(): ReadonlyMap<string, { readonly seq: number; readonly link: string | null }> {
    return this.#shares;
  }
}

/** No share or subscription is lost, keys are the same, and no number went backwards. */
export async function checkCatalog(subject: Subject, known: KnownCatalog): Promise<void> {
  const { shares } = await subject.call('shares', {});
  for (const [id, { seq, link }] of known.shares) {
    const what = `${link === null ? 'subscription' : 'share'} ${id.slice(0, 8)} of the ${subject.name}`;
    const row = shares.find(({ share_id, own }) => share_id === id && own === (link !== null));
    must(row !== undefined, `lost: ${what}`);
    must((row.seq ?? 0) >= seq, `${what} went back from ${seq} to ${row.seq}`);
    must(link === null || row.link === link, `${what} has another link: ${row.link}`);
    must(row.items > 0, `${what} lists nothing`);
  }
}
