/** A part of a list that is at hand, and where the next one begins; null: this was the last. */
export function pageOf<T>(
  rows: readonly T[],
  { cursor, limit }: { readonly cursor: number; readonly limit: number },
): { rows: readonly T[]; next: number | null } {
  const end = cursor + limit;
  return { rows: rows.slice(cursor, end), next: end < rows.length ? end : null };
}
