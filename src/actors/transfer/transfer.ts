import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { StoredTransfer, TransferOptions } from '../ledger-types.ts';
import type { TransferRow, TransferState } from './contract.ts';
import { ProgressMeter } from './progress-meter.ts';

/** It waits for room on its disk. */
export const isFull = ({ state, error }: Transfer): boolean =>
  state === 'paused' && error?.code === 'E_NO_SPACE';

/** A download as the queue has it: what the ledger keeps, and what is only known while this life of the actor lasts. */
export class Transfer {
  readonly id: string;
  readonly target: string;
  readonly directory: string;
  /** Whether it is sequential may change on the way. */
  options: TransferOptions;
  readonly added: number;
  state: TransferState;
  priority: number;
  error: ErrorRecord | null;
  planned: boolean;
  shareIds: readonly string[];
  folders: readonly string[];
  contentId: string | null;
  path: string | null;
  files: number;
  filesTotal: number;
  bytes: number;
  bytesTotal: number;
  /** Of the run that is under way; null: none is. */
  progress: ProgressMeter | null = null;

  constructor(stored: StoredTransfer) {
    this.id = stored.id;
    this.target = stored.target;
    this.directory = stored.directory;
    this.options = stored.options;
    this.added = stored.added;
    this.state = stored.state;
    this.priority = stored.priority;
    this.error = stored.error;
    this.planned = stored.planned;
    this.shareIds = stored.shareIds;
    this.folders = stored.folders;
    this.contentId = stored.contentId;
    this.path = stored.path;
    this.files = stored.files;
    this.filesTotal = stored.filesTotal;
    this.bytes = stored.bytes;
    this.bytesTotal = stored.bytesTotal;
  }

  /** A new run begins. */
  begins(): ProgressMeter {
    this.progress = new ProgressMeter();
    this.progress.filesTotal = this.filesTotal;
    this.progress.bytesTotal = this.bytesTotal;
    return this.progress;
  }

  /** The run is over. */
  ends(now: number): void {
    if (this.progress === null) return;
    const { files, bytes } = this.progress.at(now);
    // One that ended before it had looked knows nothing new.
    if (this.progress.phase !== 'plan') Object.assign(this, { files, bytes });
    this.progress = null;
  }

  stored(): StoredTransfer {
    const { id, target, directory, options, added, priority, error, planned, shareIds, folders } = this;
    const { contentId, path, files, filesTotal, bytes, bytesTotal } = this;
    return {
      ...{ id, target, directory, options, added, priority, error, planned, shareIds, folders },
      ...{ contentId, path, files, filesTotal, bytes, bytesTotal },
      state: this.state === 'active' ? 'queued' : this.state,
    };
  }

  row(now: number): TransferRow {
    const live = this.progress?.at(now) ?? null;
    const looked = live !== null && live.phase !== 'plan';
    return {
      id: this.id,
      content_id: this.contentId,
      path: this.path ?? this.directory,
      state: this.state,
      bytes: looked ? live.bytes : this.bytes,
      bytes_total: this.bytesTotal,
      rate: live?.rate ?? 0,
      peers: live?.peers ?? 0,
      error: this.error,
      target: this.target,
      directory: this.directory,
      files: looked ? live.files : this.files,
      files_total: this.filesTotal,
      eta: live?.eta ?? null,
      priority: this.priority,
      added: this.added,
      category: this.options.category ?? null,
      sequential: this.options.sequential === true,
    };
  }
}
