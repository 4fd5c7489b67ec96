import { failure } from '../../errors.ts';
import type { GranaryNode } from '../../node.ts';
import { loadSettings } from '../../settings/load.ts';
import { nodeSettings } from '../../settings/node-settings.ts';
import { socketPath } from '../../settings/run-folder.ts';
import { VERSION } from '../../version.ts';
import { collect } from '../arguments.ts';
import type { CommandContext, Register } from '../context.ts';
import { clearLastStop, writeLastStop } from '../last-stop.ts';
import { facts } from '../table.ts';
import { secondsText } from '../units.ts';
import { type UpOptions, upFlags } from '../up-flags.ts';

export const up: Register = (program, cli) => {
  program
    .command('up')
    .description('run the node in the foreground')
    .option('--listen <address>', 'tcp://IP:PORT, port 0 for a free one; may be repeated', collect)
    .option(
      '--advertise <address>',
      'what links say instead of the addresses found here; may be repeated',
      collect,
    )
    .option('--bootstrap <address>', 'a node to ask beside those of the links; may be repeated', collect)
    .option('--shards <n>', 'transport threads (default: one a core but one)')
    .option('--keys <way>', 'keyfile: sealed under a generated key file; plain: as they are')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent')
    .option('--set <group.key=value>', 'any setting of the configuration; may be repeated', collect)
    .addHelpText('after', '\nExample:\n  $ granary up --listen tcp://0.0.0.0:7001\n')
    .action((options: UpOptions) => cli.run((context) => runNode(context, options)));
};

/** Runs until a signal, `granary stop`, or an escalation ends it. */
async function runNode(context: CommandContext, options: UpOptions): Promise<number | undefined> {
  const { output, home, config, env, interrupts } = context;
  // Loaded here alone: the other commands start in half the time without the node.
  const { createNode } = await import('../../node.ts');
  const { settings } = await loadSettings({ home, config, env, flags: upFlags(options) });
  const node = await createNode(nodeSettings(home, socketPath(home, env), settings), interrupts.first);
  await clearLastStop(home);
  let gaveUp: string | null = null;
  node.on('actor-restarted', ({ actor, cause }) =>
    output.event('actor-restarted', { actor, cause }, `${actor} died (${cause}) and is back`),
  );
  node.on('gave-up', ({ actor }) => {
    gaveUp = actor;
  });
  node.on('stopping', () => output.event('stopping', {}, 'Stopping ...'));
  ready(context, node);
  onAbort(interrupts.first, () => void node.stop());
  onAbort(interrupts.second, () => node.cut());

  const { clean, cut, seconds } = await node.stopped;
  await writeLastStop(home, { pid: process.pid, clean, cut: [...cut], seconds });
  output.event('stopped', { clean, cut });
  if (gaveUp !== null) {
    throw failure('E_GAVE_UP', 'an actor died too often, and the node stopped', { subject: gaveUp });
  }
  output.result({ clean, cut, seconds }, () =>
    clean ? `Stopped in ${secondsText(seconds)}.` : `Stopped; these had to be cut: ${cut.join(', ')}.`,
  );
  return interrupts.second.aborted ? 130 : 0;
}

function ready({ output, home }: CommandContext, node: GranaryNode): void {
  const { nodeId, nodeKey, addresses, control, seconds } = node;
  const text = [
    `${output.colors.bold(`granary ${VERSION}`)} is up after ${secondsText(seconds)}. Ctrl-C stops it.`,
    facts([
      ['node', nodeId],
      ['key', nodeKey],
      ...addresses.map((address) => ['address', address] as const),
      ['home', home],
    ]),
  ].join('\n');
  output.event('ready', { node_id: nodeId, node_key: nodeKey, addresses, control, seconds }, text);
}

function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}
