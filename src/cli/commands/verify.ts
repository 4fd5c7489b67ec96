import type { RecheckResult } from '../../actors/transfer/contract.ts';
import type { RecheckEntry } from '../../control-link/results.ts';
import { failure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { NodeClient } from '../client.ts';
import { type Register, withNode } from '../context.ts';
import type { Output } from '../output.ts';
import { printable } from '../printable.ts';
import { ProgressView } from '../progress.ts';
import { recheckText, wrongTable } from '../recheck-text.ts';
import { countOf } from '../units.ts';

interface Options {
  readonly repair?: true;
  readonly forget?: true;
  readonly status?: true;
  readonly cancel?: true;
}

/** Something this node holds is not what it should be. */
const NOT_AS_IT_SHOULD_BE = 6;

export const verify: Register = (program, cli) => {
  program
    .command('verify')
    .description('read what this node holds, and compare it with what was signed; Ctrl-C pauses')
    .argument('[share]', 'its id, the beginning of it, or the name of an own share (default: everything)')
    .option('--repair', 'fetch what is wrong of downloads again; files of own shares are never written to')
    .option('--forget', 'do not ask again for downloads that are not there any more')
    .option('--status', 'how far it is, or when the last one was and what it found')
    .option('--cancel', 'drop the one that is not done')
    .addHelpText('after', '\nExample:\n  $ granary verify --repair\n')
    .action((share: string | undefined, options: Options) =>
      cli.run(
        withNode(async (client, { output }, signal) => {
          const { repair = false, forget = false, status, cancel } = options;
          if ([status, cancel, repair || forget].filter(Boolean).length > 1) {
            throw failure('E_USAGE', '--status and --cancel stand alone');
          }
          const scope = { share: share ?? null };
          if (status) return await told(client, output, scope, signal);
          if (cancel) {
            const result = await client.call('cancel_rechecks', scope, { signal });
            output.result(result, () => `${countOf(result.rechecks.length, 'recheck')} cancelled.`);
            return 0;
          }
          const progress = new ProgressView(output);
          const result = await client
            .call('verify', { ...scope, repair, forget }, { signal, onEvent: progress.show })
            .catch((error: unknown) => {
              throw signal.aborted ? paused(error) : error;
            })
            .finally(() => progress.done());
          output.result(result, () => resultText(result, repair));
          return exitOf(result);
        }),
      ),
    );
};

async function told(
  client: NodeClient,
  output: Output,
  scope: { share: string | null },
  signal: AbortSignal,
): Promise<number> {
  const result = await client.call('rechecks', scope, { signal });
  output.result(result, () =>
    result.rechecks.length === 0
      ? 'Nothing was verified yet: granary verify'
      : result.rechecks.map(statusText).join('\n'),
  );
  return 0;
}

const exitOf = ({ bad_total, repaired }: RecheckResult): number =>
  bad_total > repaired ? NOT_AS_IT_SHOULD_BE : 0;

function statusText(row: RecheckEntry): string {
  const of = row.share_id === null ? 'everything' : printable(row.share_id);
  const { files, files_total } = row.progress;
  const when =
    row.state === 'done'
      ? `done ${row.ended}`
      : `${row.state} since ${row.started}, ${files} of ${countOf(files_total, 'file')}`;
  return [`${of}: ${when}`, recheckText(row.result), ...wrongTable(row.result.files)].join('\n');
}

function resultText(result: RecheckResult, repair: boolean): string {
  const next = repair ? [] : nextStep(result);
  return [recheckText(result), ...wrongTable(result.files), ...next].join('\n');
}

function nextStep({ files }: RecheckResult): string[] {
  const steps: string[] = [];
  if (files.some(({ own, adopted, bad_chunks }) => !own && !adopted && bad_chunks > 0))
    steps.push('granary verify --repair fetches again what is wrong of downloads');
  if (files.some(({ own, state }) => own && state === 'changed'))
    steps.push('granary publish makes what was changed the next revision');
  return steps;
}

/** Whoever stops waiting should know that nothing is lost. */
function paused(error: unknown): unknown {
  if (!(error instanceof ActorError) || error.code !== 'E_ABORTED') return error;
  return new ActorError('E_ABORTED', 'the recheck is paused', {
    next: 'run the command again to go on where it was; granary verify --cancel drops it',
  });
}
