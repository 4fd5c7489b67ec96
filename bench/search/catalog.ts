import type { Row } from '../../src/actors/search/row.ts';

/** A share of the synthetic network. */
export interface SyntheticShare {
  readonly index: number;
  readonly weight: number;
  /** Subscribed and of a trust that is shown by default. */
  readonly visible: boolean;
  readonly title: string;
  readonly items: number;
}

/** What the network takes in one share. */
const MAX_ITEMS = 3000;
const VOCABULARY = 50_000;
const SYLLABLES = (
  'ba be bi bo da de di do fa fe ga go ha he ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro ' +
  'sa se si so ta te ti to va ve vi wa we an en in on ar er or al el ul st tr br cr'
).split(' ');
const FREQUENT =
  'the night love world live dark light blue story history guide river summer city star fire dream';
const OTHER_SCRIPTS =
  '音楽 写真 東京 日本語 北京 数据集 한국 музыка книга история βιβλίο café Müller naïve Ångström über';
const TAGS = 'music video ebook linux dataset flac jazz rock science free cc-by archive audio software photo';

/** Mulberry32: the same catalog on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Words by rank: word 0 is the most frequent. */
export const vocabulary: readonly string[] = (() => {
  const random = randomOf(7);
  const words = new Set(FREQUENT.split(' '));
  while (words.size < VOCABULARY) {
    words.add(Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(random, SYLLABLES)).join(''));
  }
  return [...words];
})();

/** A word by Zipf's law: each rank as likely as the next ten together are rarer. */
const word = (random: () => number): string =>
  vocabulary[Math.floor(Math.exp(random() * Math.log(VOCABULARY))) - 1]!;

/** Shares of unequal size, the largest full, `items` in all; 56 in 100 of them are visible. */
export function sharesOf(items: number): SyntheticShare[] {
  const random = randomOf(1234);
  const shares: SyntheticShare[] = [];
  for (let left = items; left > 0; ) {
    const size = Math.min(left, Math.max(20, Math.floor(MAX_ITEMS * random() ** 1.5)));
    shares.push({
      index: shares.length,
      weight: Math.round((0.5 + random() * 1.5) * 100) / 100,
      visible: random() < 0.56,
      title: `${word(random)} ${word(random)}`,
      items: size,
    });
    left -= size;
  }
  return shares;
}

const others = OTHER_SCRIPTS.split(' ');
const tags = TAGS.split(' ');
const two = (n: number): string => String(n).padStart(2, '0');

type Kind = (random: () => number) => string;
const upTo = (random: () => number, n: number): number => Math.floor(random() * n);

/** Names as people give them: releases, tracks, books, data sets, photographs, other scripts. */
const KINDS: readonly Kind[] = [
  (r) =>
    `${word(r)}-${1 + upTo(r, 40)}.${upTo(r, 12)}.${upTo(r, 5)}-${pick(r, ['amd64', 'arm64', 'i386'])}.iso`,
  (r) =>
    `${two(1 + upTo(r, 20))} - ${word(r)} ${word(r)} - ${word(r)} ${word(r)} (${1960 + upTo(r, 65)}).flac`,
  (r) => `${word(r)} ${word(r)} - ${word(r)} ${word(r)} ${word(r)} (${1900 + upTo(r, 125)}).epub`,
  (r) =>
    `${word(r)}_${word(r)}_${2005 + upTo(r, 20)}-${two(1 + upTo(r, 12))}_part-${upTo(r, 100_000)}.parquet`,
  (r) => `${word(r)}.${word(r)}.S${two(upTo(r, 12))}E${two(upTo(r, 24))}.1080p.WEB.x264-${word(r)}.mkv`,
  (r) => `IMG_${2005 + upTo(r, 20)}${two(1 + upTo(r, 12))}${two(1 + upTo(r, 28))}_${upTo(r, 1_000_000)}.jpg`,
  (r) => `${pick(r, others)} ${word(r)} ${pick(r, others)} ${1950 + upTo(r, 75)}.mp3`,
];

/** The items of one share, always the same. */
export function itemsOf(share: SyntheticShare): Row[] {
  const random = randomOf(Math.imul(share.index + 1, 0x9e3779b1));
  const kind = pick(random, KINDS);
  return Array.from({ length: share.items }, () => {
    const name = (random() < 0.75 ? kind : pick(random, KINDS))(random);
    const contentId = new Uint8Array(32);
    new DataView(contentId.buffer).setFloat64(0, random());
    return {
      contentId,
      size: Math.floor(Math.exp(9 + random() * 13)),
      name,
      path: `${word(random)}/${name}`,
      tags: Array.from({ length: upTo(random, 4) }, () => pick(random, tags)),
    };
  });
}
