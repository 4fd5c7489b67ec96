import type { Random } from '../../src/supervisor/testing/random.ts';
import { mutateCbor } from './mutate-cbor.ts';
import { mutateOctets } from './mutate-octets.ts';
import { mutateText } from './mutate-text.ts';
import type { Target } from './target.ts';

const LONGEST = 16 * 1024;

/** An input that was never there: one of the pool, changed a few times; now and then nothing but noise. */
export function mutate(random: Random, target: Target, pool: readonly Uint8Array[]): Uint8Array {
  const longest = target.longest ?? LONGEST;
  if (pool.length === 0 || random.chance(0.01)) {
    return Uint8Array.from({ length: random.integer(0, 200) }, () => random.integer(0, 255));
  }
  let input = random.pick(pool);
  for (let changes = 1 + Math.floor(random.next() ** 2 * 5); changes > 0; changes--) {
    const next = changed(random, target.form, input, pool);
    if (next.length <= longest) input = next;
  }
  return input;
}

function changed(
  random: Random,
  form: Target['form'],
  input: Uint8Array,
  pool: readonly Uint8Array[],
): Uint8Array {
  if (form === 'cbor' && random.chance(0.75))
    return mutateCbor(random, input) ?? mutateOctets(random, input, pool);
  if (form === 'text' && random.chance(0.8)) return mutateText(random, input, pool);
  return mutateOctets(random, input, pool);
}
