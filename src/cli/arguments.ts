import { InvalidArgumentError } from 'commander';

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];

/** A parser of numbers between two bounds; what is none is an error of usage. */
export function numberIn(least: number, most: number, options: { whole?: boolean } = {}) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    const whole = options.whole ?? true;
    if (!(value >= least && value <= most) || (whole && !Number.isSafeInteger(value))) {
      const kind = whole ? 'a whole number' : 'a number';
      throw new InvalidArgumentError(`It must be ${kind} from ${least} to ${most}.`);
    }
    return value;
  };
}
