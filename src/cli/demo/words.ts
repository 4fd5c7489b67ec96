import type { PublishResult } from '../../actors/publish/contract.ts';
import type { DownloadResult } from '../../actors/transfer/contract.ts';
import { bytesText, countOf, countText, rateText, secondsText } from '../units.ts';
import type { SearchOutcome } from './run-demo.ts';
import type { Sample } from './sample-folder.ts';

// What the demo says of each step to people: figures, and where the time went.

export function sampleLines(sample: Sample, size: number): string[] {
  const real = sample.files - sample.oddNames - 2;
  return [
    `${countOf(sample.files, 'file')}, ${bytesText(sample.bytes)}: ${countText(real)} real ones, one of ${bytesText(size)}, an empty one,`,
    `${sample.oddNames} with names that have broken other programs`,
  ];
}

export function publishLines(result: PublishResult): string[] {
  const { walk, hash, commit } = result.spent;
  const rate = hash > 0 ? rateText(result.hashed_bytes / hash) : '';
  return [
    `${countOf(result.items, 'file')} hashed chunk by chunk${rate && ` at ${rate}`}, signed as revision ${result.seq}`,
    `walk ${secondsText(walk)}, hash ${secondsText(hash)}, sign and commit ${secondsText(commit)}`,
  ];
}

export const searchLine = (found: SearchOutcome): string =>
  `“${found.query}” finds ${found.first} (${countOf(found.hits, 'hit')}, ${found.took_ms.toFixed(1)} ms)`;

export function downloadLines(result: DownloadResult): string[] {
  const { plan, fetch, verify, write, identify, finish } = result.spent;
  return [
    `${bytesText(result.bytes)} at ${rateText(result.rate)}, every chunk verified before it was written`,
    `plan ${secondsText(plan)}, fetch ${secondsText(fetch)} (verify ${secondsText(verify)}, write ${secondsText(write)}),`,
    `whole files ${secondsText(identify)}, finish ${secondsText(finish)}; the parts overlap`,
  ];
}
