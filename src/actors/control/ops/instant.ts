/** Unix seconds as an RFC 3339 instant in UTC; null stays null. */
export function instant(seconds: number): string;
export function instant(seconds: number | null): string | null;
export function instant(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString();
}
