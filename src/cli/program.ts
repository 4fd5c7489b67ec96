import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { backup } from './commands/backup.ts';
import { ban } from './commands/ban.ts';
import { bench } from './commands/bench.ts';
import { cancel } from './commands/cancel.ts';
import { changes } from './commands/changes.ts';
import { completion } from './commands/completion.ts';
import { config } from './commands/config/config.ts';
import { conformance } from './commands/conformance.ts';
import { connect } from './commands/connect.ts';
import { demo } from './commands/demo.ts';
import { dht } from './commands/dht.ts';
import { doctor } from './commands/doctor.ts';
import { get } from './commands/get.ts';
import { id } from './commands/id.ts';
import { invite } from './commands/invite.ts';
import { items } from './commands/items.ts';
import { keys } from './commands/keys/keys.ts';
import { limits } from './commands/limits/limits.ts';
import { pause } from './commands/pause.ts';
import { peers } from './commands/peers.ts';
import { publish } from './commands/publish.ts';
import { queue } from './commands/queue.ts';
import { restore } from './commands/restore.ts';
import { resume } from './commands/resume.ts';
import { search } from './commands/search.ts';
import { seeds } from './commands/seeds/seeds.ts';
import { shares } from './commands/shares.ts';
import { stats } from './commands/stats.ts';
import { stop } from './commands/stop.ts';
import { subs } from './commands/subs.ts';
import { subscribe } from './commands/subscribe.ts';
import { sync } from './commands/sync.ts';
import { tune } from './commands/tune/tune.ts';
import { unshare } from './commands/unshare.ts';
import { unsubscribe } from './commands/unsubscribe.ts';
import { up } from './commands/up.ts';
import { verify } from './commands/verify.ts';
import type { Cli, Register } from './context.ts';

/** In the order of the help. */
const COMMANDS: readonly Register[] = [
  up,
  demo,
  publish,
  unshare,
  subscribe,
  unsubscribe,
  subs,
  sync,
  search,
  shares,
  items,
  changes,
  get,
  queue,
  pause,
  resume,
  cancel,
  limits,
  tune,
  verify,
  peers,
  dht,
  connect,
  seeds,
  invite,
  ban,
  id,
  stats,
  stop,
  doctor,
  config,
  keys,
  backup,
  restore,
  conformance,
  bench,
  completion,
];

export interface GlobalOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly home?: string;
  readonly config?: string;
}

/** The whole command line as data. */
export function buildProgram(cli: Cli): Command {
  const program = new Command('granary')
    .description('A catalog and content node for people who run seedboxes, compatible with SCP2P')
    .version(VERSION)
    .option('--json', 'NDJSON on standard output: events, then one result line')
    .option('--quiet', 'the result alone')
    .option('--home <dir>', 'the data folder (GRANARY_HOME)')
    .option('--config <file>', "configuration file (default: the data folder's config.toml)")
    .exitOverride()
    .showHelpAfterError(false)
    .addHelpText('after', '\nExample:\n  $ granary demo\n');
  for (const register of COMMANDS) register(program, cli);
  return program;
}
