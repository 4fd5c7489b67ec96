const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
const BITS: Readonly<Record<string, number>> = { kbit: 125, mbit: 125e3, gbit: 125e6 };

const AMOUNT = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i;

/** Below that a cap would be all overhead. */
export const LEAST_RATE = 1024;
/** More than any network there is; the counters of caps reckon with less than that. */
const MOST_RATE = 1e12;

/** A value that is taken away with `off`, and why a text is none. */
export type Reading = { readonly value: number | null } | { readonly fault: string };

/** `20MB/s`, `512KiB/s`, `100Mbit`, a number of bytes a second, `0` for nothing at all, `off` for no cap. */
export function readRate(text: string): Reading {
  const bare = text.trim().replace(/\/s$/i, '');
  const value = amount(bare, { ...UNITS, ...BITS });
  if (value === undefined) return { fault: 'write a rate as 20MB/s, 512KiB/s or 100Mbit, or off' };
  if (value !== null && value !== 0 && value < LEAST_RATE) return { fault: 'a cap is at least 1KiB/s, or 0' };
  return value !== null && value > MOST_RATE ? { fault: 'a cap is at most 1000GB/s' } : { value };
}

/** `500GB`, `2TiB`, a number of bytes, or `off`. */
export function readSize(text: string): Reading {
  const value = amount(text.trim(), UNITS);
  if (value === undefined) return { fault: 'write a size as 500GB or 2TiB, or off' };
  return value !== null && value > Number.MAX_SAFE_INTEGER
    ? { fault: 'more than can be counted' }
    : { value };
}

/** Null: off. Undefined: neither. */
function amount(text: string, units: Readonly<Record<string, number>>): number | null | undefined {
  if (text.toLowerCase() === 'off') return null;
  const [, digits, unit] = AMOUNT.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? undefined : Math.round(Number(digits) * factor);
}
