import type { RecheckRow, TransferRow } from '../../actors/transfer/contract.ts';

export interface TransferEntry extends Omit<TransferRow, 'added'> {
  readonly added: string;
}

export interface TransferList {
  readonly transfers: readonly TransferEntry[];
}

export interface RecheckEntry extends Omit<RecheckRow, 'started' | 'ended'> {
  readonly started: string;
  readonly ended: string | null;
}

export interface RecheckList {
  readonly rechecks: readonly RecheckEntry[];
}
