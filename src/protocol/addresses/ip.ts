import { isIPv6 } from 'node:net';

/** The 4 or 16 octets of an IP literal (no zone), or null. */
export function parseIp(text: string): Uint8Array | null {
  const v4 = parseIpv4(text);
  if (v4 !== null) return v4;
  if (!isIPv6(text) || text.includes('%')) return null;
  return parseIpv6(text);
}

/** Four numbers up to 255 without leading zeros. By hand: lists of addresses from the network pass here by the thousand. */
function parseIpv4(text: string): Uint8Array | null {
  if (text.length < 7 || text.length > 15) return null;
  const octets = new Uint8Array(4);
  let place = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i <= text.length; i++) {
    const digit = i === text.length ? DOT : text.charCodeAt(i) - 0x30;
    if (digit === DOT) {
      if (digits === 0 || place > 3) return null;
      octets[place++] = value;
      digits = 0;
      value = 0;
      continue;
    }
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return null;
    value = 10 * value + digit;
    digits++;
    if (value > 255) return null;
  }
  return place === 4 ? octets : null;
}

/** What a dot is where digits count from their zero. */
const DOT = -2;

/** Text of 4 or 16 octets; IPv6 in the shortest form of RFC 5952, without brackets. Throws RangeError on other lengths. */
export function formatIp(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) throw new RangeError('an IP address has 4 or 16 octets');
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((octets[2 * i]! << 8) | octets[2 * i + 1]!).toString(16),
  );
  const run = longestZeroRun(groups);
  if (run === null) return groups.join(':');
  const [from, to] = run;
  return `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`;
}

/** `text` has been checked to be an IPv6 literal. */
function parseIpv6(text: string): Uint8Array {
  const gap = text.indexOf('::');
  const head = gap < 0 ? text : text.slice(0, gap);
  const tail = gap < 0 ? '' : text.slice(gap + 2);
  const before = groupOctets(head);
  const after = groupOctets(tail);
  const octets = new Uint8Array(16);
  octets.set(before, 0);
  octets.set(after, 16 - after.length);
  return octets;
}

function groupOctets(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    // The last 32 bits may stand as dotted IPv4.
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Ends of the longest run of two or more zero groups, the first one of equals. */
function longestZeroRun(groups: readonly string[]): [from: number, to: number] | null {
  let best: [number, number] | null = null;
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (groups[end] === '0') end++;
    if (end - i >= 2 && (best === null || end - i > best[1] - best[0])) best = [i, end];
    i = Math.max(i, end);
  }
  return best;
}
