import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../conformance');
const FILES = ['vectors', 'transcripts', 'transcripts/v2'].flatMap((name) =>
  readdirSync(join(folder, name))
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(folder, name, file)),
);
const HEX = /^(?:[0-9a-f]{2}){2,8192}$/;

let found: readonly Uint8Array[] | null = null;

/** Every string of octets in the recorded vectors and transcripts, each once, short ones first. */
export function recorded(): readonly Uint8Array[] {
  if (found !== null) return found;
  const texts = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      if (HEX.test(value)) texts.add(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const part of Object.values(value)) visit(part);
    }
  };
  for (const file of FILES) visit(JSON.parse(readFileSync(file, 'utf8')));
  const sorted = [...texts].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  found = sorted.map((text) => new Uint8Array(Buffer.from(text, 'hex')));
  return found;
}

/** Those that a decoder takes, at most `max`, spread over all lengths. */
export function recordedFor(takes: (octets: Uint8Array) => boolean, max = 40): Uint8Array[] {
  const good = recorded().filter((octets) => {
    try {
      return takes(octets);
    } catch {
      return false;
    }
  });
  const step = Math.max(1, good.length / max);
  return Array.from({ length: Math.min(max, good.length) }, (_, i) => good[Math.floor(i * step)]!);
}
