import { actor } from '../contracts.ts';
import { publishContract } from './contract.ts';
import { runPublish } from './run-publish.ts';
import { answerWire } from './wire-answers.ts';

/** Publishes own shares, and tells peers which of them are public. */
export default actor(publishContract, (context) => {
  /** Names of shares that are being published. */
  const running = new Set<string>();
  return {
    handlers: {
      publish: (request, { signal }) => runPublish(context, running, request, signal),
      wire: (request) => answerWire(context, request),
    },
  };
});
