import type { Target } from './target.ts';
import { cbor } from './targets/cbor.ts';
import { dht } from './targets/dht.ts';
import { frames } from './targets/frames.ts';
import { handshake } from './targets/handshake.ts';
import { local } from './targets/local.ts';
import { messages } from './targets/messages.ts';
import { objects } from './targets/objects.ts';
import { pex } from './targets/pex.ts';
import { preambles } from './targets/preambles.ts';
import { sanitisers } from './targets/sanitisers.ts';
import { texts } from './targets/texts.ts';

/** Every decoder and sanitiser of what comes from elsewhere. A test of the house fails for one that is not in it. */
export const TARGETS: readonly Target[] = [
  ...cbor,
  ...frames,
  ...handshake,
  ...preambles,
  ...messages,
  ...objects,
  ...texts,
  ...sanitisers,
  ...dht,
  ...pex,
  ...local,
];
