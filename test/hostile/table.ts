import type { Row } from './row.ts';
import { beforeHandshake } from './rows/before-handshake.ts';
import { envelopes } from './rows/envelopes.ts';
import { helloFields } from './rows/hello-fields.ts';
import { helloShapes } from './rows/hello-shapes.ts';
import { payloads } from './rows/payloads.ts';

/** Everything the hostile peer says to a node, and what the node must do. */
export const TABLE: readonly Row[] = [
  ...beforeHandshake,
  ...helloFields,
  ...helloShapes,
  ...envelopes,
  ...payloads,
];
