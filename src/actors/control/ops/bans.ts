import type { BanResult, BanRow } from '../../../control-link/results.ts';
import { failure } from '../../../errors.ts';
import { banTarget } from '../../ban-list.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { instant } from './instant.ts';

export const bans: AskOperation<'bans'> = async (refs, _body, signal) => ({
  bans: await rows(refs, signal),
});

export const ban: AskOperation<'ban'> = async (refs, { target, remove }, signal): Promise<BanResult> => {
  const found = banTarget(target);
  if (found === null) {
    throw failure('E_USAGE', 'neither a node key, nor an address, nor a network', {
      subject: target,
      next: 'write 64 hex digits, 192.0.2.7, or 192.0.2.0/24',
    });
  }
  const { changed } = await refs.store.ask(remove ? 'unban' : 'ban', { target: found.target }, { signal });
  if (remove && !changed) {
    throw failure('E_NOT_FOUND', 'not banned', { subject: found.target, next: 'granary ban lists the bans' });
  }
  return { target: found.target, kind: found.kind, changed, bans: await rows(refs, signal) };
};

async function rows(refs: ControlRefs, signal: AbortSignal): Promise<readonly BanRow[]> {
  const all = await refs.store.ask('bans', null, { signal });
  return all.map(({ target, since }) => ({
    target,
    kind: banTarget(target)?.kind ?? 'net',
    since: instant(since),
  }));
}
