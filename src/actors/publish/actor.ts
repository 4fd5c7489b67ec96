import { failure } from '../../errors.ts';
import { actor } from '../contracts.ts';
import { publishContract } from './contract.ts';
import { FileLooks } from './file-looks.ts';
import { itemStates, lookAgain, shareStates } from './look-again.ts';
import { runPublish } from './run-publish.ts';
import { Watches } from './watch/watches.ts';
import { answerWire } from './wire-answers.ts';

/** Publishes own shares, and tells peers which of them are public. */
export default actor(publishContract, (context) => {
  /** Names of shares that are being published. */
  const running = new Set<string>();
  const watches = new Watches(context, async ({ name }, restMs, signal) => {
    const request = { paths: [], title: null, public: null, tags: null, share: name, watch: null };
    for await (const event of runPublish(context, running, request, signal, restMs)) {
      if (event.kind === 'done') return event.result;
    }
    throw new Error('a publish ended without a result');
  });
  const looks = new FileLooks(context.clock);
  context.spawn(() => lookAgain(context, looks));
  context.spawn(() => watches.start());

  return {
    handlers: {
      async *publish(request, { signal }) {
        for await (const event of runPublish(context, running, request, signal)) {
          if (event.kind === 'done') await watches.follow();
          yield event;
        }
      },
      async unshare({ shareId, forgetKey }) {
        const shares = await context.refs.store.ask('ownShares', null);
        const name = shares.find((each) => each.shareId === shareId)?.name;
        if (name !== undefined && running.has(name)) {
          throw failure('E_BUSY', `the share ${name} is being published right now`, {
            subject: name,
            retryable: true,
          });
        }
        const taken = await context.refs.store.ask('unshare', { shareId, forgetKey });
        await watches.follow();
        return taken;
      },
      itemStates: ({ roots, sources }) => itemStates(looks, roots, sources),
      shareStates: (_, { signal }) => shareStates(context, looks, signal),
      wire: (request) => answerWire(context, request),
    },
  };
});
