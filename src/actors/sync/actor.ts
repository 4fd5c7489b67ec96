import { failure } from '../../errors.ts';
import { formatAddress } from '../../protocol/addresses/address.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { parseShareLink, type ShareLinkFault } from '../../protocol/links/share-link.ts';
import { actor } from '../contracts.ts';
import { syncContract } from './contract.ts';
import { newestSeq } from './newest-seq.ts';
import { PassSchedule } from './pass-schedule.ts';
import { publicPart, Syncer } from './syncer.ts';
import { refreshVolumes } from './volume-sync.ts';

const LINK_FAULTS: Readonly<Record<ShareLinkFault, string>> = {
  'too-long': 'the link is longer than any link is',
  scheme: 'this is no link to a share',
  payload: 'the link is damaged: its middle part is not that of a share',
  'wrong-share-id': 'the link is damaged: its share id and its key do not belong together',
};

/** Keeps subscriptions up to date: who is asked, what is believed, when. */
export default actor(syncContract, (context) => {
  const syncer = new Syncer(context);
  const schedule = new PassSchedule(context, syncer);
  context.spawn(() => schedule.run());

  return {
    handlers: {
      async subscribe({ link, trust, weight }) {
        const parsed = parseShareLink(link);
        if (!parsed.ok) throw failure('E_LINK_INVALID', LINK_FAULTS[parsed.reason], { subject: link });
        if (!Number.isFinite(weight) || weight < 0) {
          throw failure('E_USAGE', `a weight is a number from 0 up, not ${weight}`);
        }
        const { shareId, sharePubkey, bootstrap } = parsed.link;
        const id = toHex(shareId);
        const kept = await context.refs.store.ask('subscribe', {
          shareId: id,
          shareKey: toHex(sharePubkey),
          trust,
          weight,
          peers: bootstrap.map(formatAddress),
        });
        // Trust and weight may have changed, whatever the peers bring.
        await refreshVolumes(context, [id, ...kept.volumes]);
        const { subscription, error } = await syncer.one(id);
        return { subscription, error };
      },

      async unsubscribe({ shareId }) {
        const before = await context.refs.store.ask('subscription', { shareId });
        const removed = await context.refs.store.ask('unsubscribe', { shareId });
        await refreshVolumes(context, [shareId, ...(before?.volumes ?? [])]);
        return removed;
      },

      async sync({ shareId }) {
        if (shareId === null) return await syncer.all();
        if ((await context.refs.store.ask('subscription', { shareId })) === null) {
          throw failure('E_NOT_FOUND', 'no such subscription', { subject: shareId });
        }
        return [publicPart(await syncer.one(shareId))];
      },

      health: () => syncer.health(),

      newestSeq: async ({ shareKey }) => ({ seq: await newestSeq(context, shareKey) }),

      configure({ intervalSeconds, requestsPerSecond }) {
        syncer.requestsPerSecond = requestsPerSecond;
        schedule.intervalSeconds = intervalSeconds;
        return null;
      },
    },

    quiesce: () => schedule.end(),
  };
});
