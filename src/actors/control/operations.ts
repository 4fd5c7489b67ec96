import type { Operations } from './operation.ts';
import { ban, bans } from './ops/bans.ts';
import { changes } from './ops/changes.ts';
import { dht } from './ops/dht.ts';
import { get } from './ops/get.ts';
import { invite } from './ops/invite.ts';
import { backup, exportKey, importKey } from './ops/keys.ts';
import { limits, setLimits } from './ops/limits.ts';
import { id, stats, stop } from './ops/node.ts';
import { connect, knownPeers, peers } from './ops/peers.ts';
import { publish } from './ops/publish.ts';
import { cancelRechecks, rechecks, verify } from './ops/rechecks.ts';
import { search } from './ops/search.ts';
import { addSeed, removeSeed, seeds } from './ops/seeds.ts';
import { reload, settings, tune, tuning } from './ops/settings.ts';
import { items, shares, unshare } from './ops/shares.ts';
import { subs, subscribe, sync, unsubscribe } from './ops/subscriptions.ts';
import { add, cancel, pause, queue, resume } from './ops/transfers.ts';

/** Everything the control socket can do. */
export const operations: Operations = {
  publish: { kind: 'stream', run: publish },
  unshare: { kind: 'ask', run: unshare },
  subscribe: { kind: 'ask', run: subscribe },
  unsubscribe: { kind: 'ask', run: unsubscribe },
  subs: { kind: 'ask', run: subs },
  sync: { kind: 'ask', run: sync },
  search: { kind: 'ask', run: search },
  shares: { kind: 'ask', run: shares },
  items: { kind: 'ask', run: items },
  get: { kind: 'stream', run: get },
  backup: { kind: 'stream', run: backup },
  exportKey: { kind: 'ask', run: exportKey },
  importKey: { kind: 'ask', run: importKey },
  add: { kind: 'ask', run: add },
  queue: { kind: 'ask', run: queue },
  pause: { kind: 'ask', run: pause },
  resume: { kind: 'ask', run: resume },
  cancel_transfers: { kind: 'ask', run: cancel },
  verify: { kind: 'stream', run: verify },
  rechecks: { kind: 'ask', run: rechecks },
  cancel_rechecks: { kind: 'ask', run: cancelRechecks },
  peers: { kind: 'ask', run: peers },
  known_peers: { kind: 'ask', run: knownPeers },
  seeds: { kind: 'ask', run: seeds },
  add_seed: { kind: 'ask', run: addSeed },
  remove_seed: { kind: 'ask', run: removeSeed },
  invite: { kind: 'ask', run: invite },
  bans: { kind: 'ask', run: bans },
  ban: { kind: 'ask', run: ban },
  dht: { kind: 'ask', run: dht },
  changes: { kind: 'ask', run: changes },
  connect: { kind: 'ask', run: connect },
  id: { kind: 'ask', run: id },
  stats: { kind: 'ask', run: stats },
  stop: { kind: 'ask', run: stop },
  limits: { kind: 'ask', run: limits },
  set_limits: { kind: 'ask', run: setLimits },
  tuning: { kind: 'ask', run: tuning },
  tune: { kind: 'ask', run: tune },
  settings: { kind: 'ask', run: settings },
  reload: { kind: 'ask', run: reload },
};
