/** The result of a check on remote data: a value, because being wrong is ordinary there. */
export type Verdict<Reason extends string = string> =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: Reason };

export const VALID: { readonly ok: true } = Object.freeze({ ok: true });

export function invalid<Reason extends string>(
  reason: Reason,
): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason };
}
