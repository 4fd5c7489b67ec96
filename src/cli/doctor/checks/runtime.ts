import { blake3Implementation } from '../../../protocol/crypto/blake3.ts';
import { VERSION } from '../../../version.ts';
import { type Check, ok, warn } from '../check.ts';

/** The launcher refuses older runtimes, so that one that gets here is recent enough. */
export const runtime = (): Check =>
  ok(
    'runtime',
    `granary ${VERSION} on Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
  );

/** Loading the native implementation runs its self-test. */
export function hashing(implementation = blake3Implementation): Check {
  if (implementation === 'native') return ok('hashing', 'native BLAKE3 is loaded and passes its self-test');
  return warn(
    'hashing',
    'native BLAKE3 does not load here or failed its self-test: hashing works, about a hundred times slower',
    'install granary again on this machine (npm ci), without --omit=optional',
  );
}
