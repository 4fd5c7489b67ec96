import { STEMMINGS, type Stemming } from './contract.ts';

/** Longer words are names or noise, and the work of some stemmers grows with the square of the length. */
const MAX_LENGTH = 32;
const LETTERS = /^\p{L}+$/u;
/** Before the stem of a word in a segment: no word of a name and no query has it. */
const MARK = '~';

type Language = Exclude<Stemming, 'off'>;

const LANGUAGES: Readonly<Record<Language, () => Promise<{ stemmer(word: string): string }>>> = {
  english: () => import('@orama/stemmers/english'),
  german: () => import('@orama/stemmers/german'),
  french: () => import('@orama/stemmers/french'),
  spanish: () => import('@orama/stemmers/spanish'),
  italian: () => import('@orama/stemmers/italian'),
  portuguese: () => import('@orama/stemmers/portuguese'),
  dutch: () => import('@orama/stemmers/dutch'),
  swedish: () => import('@orama/stemmers/swedish'),
  norwegian: () => import('@orama/stemmers/norwegian'),
  danish: () => import('@orama/stemmers/danish'),
  finnish: () => import('@orama/stemmers/finnish'),
  russian: () => import('@orama/stemmers/russian'),
};

/** One way to bring words to their stems. */
export interface Stemmer {
  /** As segments keep it. */
  readonly id: number;
  /** The stem of a folded word; what is no word of letters is its own. */
  stem(word: string): string;
}

/** Of segments without stems. */
export const NO_STEMS = 0;

/** Null for `off`. */
export async function loadStemmer(stemming: Stemming): Promise<Stemmer | null> {
  if (stemming === 'off') return null;
  const { stemmer } = await LANGUAGES[stemming]();
  return {
    id: STEMMINGS.indexOf(stemming),
    stem(word) {
      if (word.length > MAX_LENGTH || !LETTERS.test(word)) return word;
      const stem = stemmer(word);
      return stem === '' ? word : stem;
    },
  };
}

/** The term under which a segment has the words of that stem that are not the stem itself. */
export const stemTerm = (stem: string): string => MARK + stem;
