import type { TransferEntry } from '../../../control-link/results.ts';
import type { TransferRow } from '../../transfer/contract.ts';
import type { AskOperation } from '../operation.ts';
import { fullTarget } from './full-target.ts';
import { instant } from './instant.ts';
import { pageOf } from './page-of.ts';

export const add: AskOperation<'add'> = async (refs, body, signal) => {
  const target = await fullTarget(refs, body.target, signal);
  return listed([await refs.transfer.ask('add', { ...body, target }, { signal })]);
};

export const queue: AskOperation<'queue'> = async (refs, body, signal) => {
  const { rows, next } = pageOf(await refs.transfer.ask('queue', null, { signal }), body);
  return { ...listed(rows), next };
};

export const pause: AskOperation<'pause'> = async (refs, body, signal) =>
  listed(await refs.transfer.ask('pause', body, { signal }));

export const resume: AskOperation<'resume'> = async (refs, body, signal) =>
  listed(await refs.transfer.ask('resume', body, { signal }));

export const cancel: AskOperation<'cancel_transfers'> = async (refs, body, signal) =>
  listed(await refs.transfer.ask('cancel', body, { signal }));

const listed = (rows: readonly TransferRow[]): { transfers: TransferEntry[] } => ({
  transfers: rows.map((row) => ({ ...row, added: instant(row.added) })),
});
