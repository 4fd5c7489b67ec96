import { failure } from '../../errors.ts';
import { actor } from '../contracts.ts';
import { publishContract } from './contract.ts';
import { itemStates, lookAgain, shareStates } from './look-again.ts';
import { runPublish } from './run-publish.ts';
import { answerWire } from './wire-answers.ts';

/** Publishes own shares, and tells peers which of them are public. */
export default actor(publishContract, (context) => {
  /** Names of shares that are being published. */
  const running = new Set<string>();
  context.spawn(() => lookAgain(context));

  const ownShare = async (shareId: string) => {
    const shares = await context.refs.store.ask('ownShares', null);
    const share = shares.find((each) => each.shareId === shareId);
    if (share === undefined) throw failure('E_NOT_FOUND', 'no share of this node', { subject: shareId });
    return share;
  };

  return {
    handlers: {
      publish: (request, { signal }) => runPublish(context, running, request, signal),
      async unshare({ shareId, forgetKey }) {
        const shares = await context.refs.store.ask('ownShares', null);
        const name = shares.find((each) => each.shareId === shareId)?.name;
        if (name !== undefined && running.has(name)) {
          throw failure('E_BUSY', `the share ${name} is being published right now`, {
            subject: name,
            retryable: true,
          });
        }
        return await context.refs.store.ask('unshare', { shareId, forgetKey });
      },
      itemStates: async ({ shareId, inside }, { signal }) =>
        await itemStates(context, await ownShare(shareId), inside, signal),
      shareStates: (_, { signal }) => shareStates(context, signal),
      wire: (request) => answerWire(context, request),
    },
  };
});
