import { failure, withNextStep } from '../../errors.ts';
import type { GranaryNode, NodeSettings } from '../../node.ts';
import { nodeSettings } from '../../settings/node-settings.ts';
import { bridgeFolder, socketPath } from '../../settings/run-folder.ts';
import { type ReloadListener, RunningSettings } from '../../settings/running-settings.ts';
import type { Settings } from '../../settings/schema.ts';
import { ActorError, type ErrorRecord, fromErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { VERSION } from '../../version.ts';
import { configErrorText, reloadText } from '../config-text.ts';
import type { CommandContext, Register } from '../context.ts';
import { HangUp } from '../hang-up.ts';
import { clearLastStop, writeLastStop } from '../last-stop.ts';
import type { Output } from '../output.ts';
import { storePassphrase } from '../passphrase.ts';
import { addSettingFlags, settingsOfFlags } from '../setting-flags.ts';
import { facts } from '../table.ts';
import { secondsText } from '../units.ts';

export const up: Register = (program, cli) => {
  const command = program
    .command('up')
    .description('run the node in the foreground')
    .addHelpText(
      'after',
      '\nExample:\n  $ granary up --listen tcp://0.0.0.0:7001 --listen quic://0.0.0.0:7000\n',
    );
  addSettingFlags(command).action(() => cli.run((context) => runNode(context, settingsOfFlags(command))));
};

/** Runs until a signal, `granary stop`, or an escalation ends it. SIGHUP has the configuration read again. */
async function runNode(
  context: CommandContext,
  flags: ReadonlyMap<string, unknown>,
): Promise<number | undefined> {
  const { output, home, config, env, interrupts } = context;
  const hangUp = new HangUp(() => interrupts.stop('SIGHUP'));
  try {
    // Loaded here alone: the other commands start in half the time without the node.
    const { createNode } = await import('../../node.ts');
    const running = await RunningSettings.load({ home, config, env, flags }, tellReloads(output));
    const passphrase = await storePassphrase(home, env, running.settings);
    const ofNode = (settings: Settings): NodeSettings =>
      nodeSettings(
        home,
        socketPath(home, env),
        settings,
        passphrase,
        running.origins,
        bridgeFolder(home, env),
      );
    let started = false;
    // During the start there is nothing yet that could be cut one by one; the data folder bears an end at any moment.
    onAbort(interrupts.second, () => started || process.exit(130));
    const node = await createNode(ofNode(running.settings), interrupts.first, {
      rows: () => running.rows(),
      reload: (apply) => running.reload((settings) => apply(ofNode(settings))),
    });
    started = true;
    hangUp.onReload(() => void reload(node, output));
    return await untilStopped(node, context);
  } finally {
    hangUp.close();
  }
}

async function untilStopped(
  node: GranaryNode,
  { output, home, interrupts }: CommandContext,
): Promise<number> {
  await clearLastStop(home);
  let end: Error | null = null;
  node.on('actor-restarted', ({ actor, cause }) =>
    output.event('actor-restarted', { actor, cause }, restartText(actor, cause)),
  );
  node.on('gave-up', (event) => {
    end = gaveUp(event);
  });
  node.on('stopping', () => output.event('stopping', {}, 'Stopping ...'));
  ready(node, output, home);
  onAbort(interrupts.first, () => void node.stop());
  onAbort(interrupts.second, () => node.cut());

  const { clean, cut, seconds } = await node.stopped;
  await writeLastStop(home, { pid: process.pid, clean, cut: [...cut], seconds });
  output.event('stopped', { clean, cut });
  if (end !== null) throw end;
  output.result({ clean, cut, seconds }, () =>
    clean ? `Stopped in ${secondsText(seconds)}.` : `Stopped; these had to be cut: ${cut.join(', ')}.`,
  );
  return interrupts.second.aborted ? 130 : 0;
}

/** What the operator can mend names its own next step; all else is a bug of ours. */
function gaveUp({ actor, error }: { actor: string; error: ErrorRecord | null }): Error {
  const cause = error && withNextStep(fromErrorRecord(error));
  const died = cause ? `: ${cause.message}` : '';
  return failure('E_GAVE_UP', `a part of the node died too often, and the node stopped${died}`, {
    subject: actor,
    ...(cause && { cause, ...(cause.next !== undefined && { next: cause.next }) }),
  });
}

/** Restarted with another one, it did not die itself. */
const restartText = (actor: string, cause: string): string =>
  cause.startsWith('with ') ? `${actor} was restarted ${cause}` : `${actor} died (${cause}) and is back`;

function ready(node: GranaryNode, output: Output, home: string): void {
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

function tellReloads(output: Output): ReloadListener {
  return {
    reloaded: (result) => output.event('config-reloaded', result, reloadText(result)),
    rejected: (errors) =>
      output.event(
        'config-rejected',
        { errors },
        `The node goes on as it was:\n${configErrorText(errors, output.colors)}`,
      ),
  };
}

async function reload(node: GranaryNode, output: Output): Promise<void> {
  try {
    await node.reload();
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    // What is wrong with the configuration has been told as an event.
    if (error.code !== 'E_CONFIG') output.note(`The configuration was not applied: ${error.message}`);
  }
}

function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}
