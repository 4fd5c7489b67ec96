import { ActorError, type ActorErrorOptions } from './supervisor/contract/actor-error.ts';

/**
 * Every error an operator or a script may meet: one table, stable codes. `exit` is the exit code of a command
 * that ends on it; `next` is the default next step, for the places that know no better one.
 */
export const ERRORS = {
  E_USAGE: { exit: 2, next: 'see granary --help' },
  E_CONFIG: { exit: 2, next: 'mend the configuration and start again' },
  E_LINK_INVALID: { exit: 2, next: 'ask the publisher for the link again; it starts with scp2p://s/' },
  E_ADDRESS_INVALID: {
    exit: 2,
    next: 'write tcp://IP:PORT or quic://IP:PORT, with @NODE_KEY where it is known',
  },
  E_KEY_INVALID: { exit: 2, next: 'name a file that granary keys export, or the reference, has written' },
  E_BACKUP_INVALID: { exit: 6, next: 'take an older backup; granary backup makes new ones' },
  E_PATH_INVALID: { exit: 2, next: 'name an existing file or folder' },
  E_NODE_VERSION: { exit: 2, next: 'install Node.js 24.21 or newer' },

  E_NOT_FOUND: { exit: 3, next: 'granary subs and granary items SHARE list what this node knows' },
  E_NO_PROVIDER: {
    exit: 3,
    next: 'granary connect ADDRESS adds a peer; granary sync looks for the share again',
  },

  E_NO_SETTINGS: { exit: 4, next: 'change the settings in the program that runs this node' },
  E_HOME_LOCKED: { exit: 4, next: 'stop the other node, or name another folder with --home' },
  E_HOME_NEWER: { exit: 4, next: 'start the newer version of granary on this folder' },
  E_HOME_UNUSABLE: { exit: 4, next: 'check owner and permissions of the data folder' },
  E_PASSPHRASE: {
    exit: 4,
    next: 'start on a terminal, set GRANARY_PASSPHRASE, or name a file with store.passphrase_file',
  },
  E_SHARE_TOO_LARGE: { exit: 4, next: 'publish smaller folders as separate shares' },
  E_SHARE_OFFLINE: { exit: 4, next: 'mount its disk; granary unshare takes a share back for good' },
  E_FILE_CHANGED: { exit: 4, next: 'publish again once the files rest' },
  E_PEER_IDENTITY: {
    exit: 4,
    next: 'the address is answered by another key: ask the publisher for a fresh link',
  },
  E_PEER_BANNED: { exit: 4, next: 'granary ban lists whom this node has banned; --remove lifts a ban' },
  E_PEER_UNBOUND: { exit: 4, next: 'somebody between the two nodes ends TLS: use another path' },
  E_PEER_REFUSED: { exit: 4, next: 'try again later, or with another peer' },
  E_PEER_DIALECT: { exit: 4, next: 'the peer speaks no dialect this node knows' },
  E_SHARE_REVOKED: { exit: 4, next: 'its publisher revoked the key: unsubscribe, or ask for the new share' },
  E_BUSY: { exit: 4, next: 'try again in a moment' },
  E_NO_SPACE: { exit: 4, next: 'free some space and run the command again' },
  E_QUIC_UNAVAILABLE: { exit: 4, next: 'granary doctor says why; peers with a tcp:// address are reached' },
  E_LISTEN: { exit: 4, next: 'another program holds the port: name another with --listen' },

  E_TIMEOUT: { exit: 5, next: 'try again; granary peers shows who is connected' },
  E_PEER_UNREACHABLE: { exit: 5, next: 'check that the peer runs and its port is open' },
  E_PEER_SILENT: { exit: 5, next: 'try again, or with another peer' },

  E_CHUNK_CORRUPT: { exit: 6, next: 'the provider sent wrong bytes: try another one' },
  E_FILE_CORRUPT: { exit: 6, next: 'run the command again; wrong data was discarded' },
  E_MANIFEST_INVALID: { exit: 6, next: 'the share is damaged or forged: ask its publisher' },
  E_HEAD_INVALID: { exit: 6, next: 'a peer answered with a forged or damaged head: try another one' },
  E_PEER_PROTOCOL: { exit: 6, next: 'the peer broke the protocol and was dropped' },

  E_NO_DAEMON: { exit: 7, next: 'granary up' },
  E_API_MISMATCH: {
    exit: 7,
    next: 'stop the running node and start this version: granary stop && granary up',
  },

  E_GAVE_UP: { exit: 70, next: 'the log holds what it died of: please report it' },
  E_STOP_UNREPORTED: { exit: 1, next: 'its log says more; the next granary up checks the data folder' },

  E_ABORTED: { exit: 130, next: 'run the command again to go on' },
  E_IO: { exit: 1, next: 'check the disk and the permissions of the path' },
  E_STORE: { exit: 1, next: 'check the data folder; the log names the statement' },
  E_PEER_ERROR: { exit: 1, next: 'the peer answered with an error of its own' },
  E_ACTOR_DOWN: { exit: 1, next: 'the part is being restarted: run the command again' },
  E_ACTOR_CRASHED: { exit: 1, next: 'run the command again; the log holds the cause: please report it' },
  E_START_FAILED: { exit: 1, next: 'the log holds the cause' },
  E_INTERNAL: { exit: 1, next: 'please report this with the log' },
} as const satisfies Record<string, { exit: number; next: string }>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** An error of the table. `next` falls back to the table's. */
export function failure(code: ErrorCode, message: string, options: ActorErrorOptions = {}): ActorError {
  return new ActorError(code, message, { ...options, next: options.next ?? ERRORS[code].next });
}

/** The error as an operator is told it: the kernel, which knows no table, names no next step. */
export function withNextStep(error: ActorError): ActorError {
  if (error.next !== undefined || !isErrorCode(error.code)) return error;
  const { code, message, subject, retryable, cause } = error;
  return failure(code, message, { subject, retryable, cause });
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Turns a file system error of Node's into one of the table. Anything else is a bug and is thrown on. */
export function ioFailure(thrown: unknown, subject: string): ActorError {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  if (code === undefined || !/^E[A-Z0-9]{2,15}$/.test(code)) throw thrown;
  const message = (thrown as Error).message;
  if (DISK_FULL.has(code)) return failure('E_NO_SPACE', message, { subject, retryable: true });
  return failure(code === 'ENOENT' ? 'E_NOT_FOUND' : 'E_IO', message, { subject, cause: thrown });
}

export const exitCodeOf = (code: string): number => (isErrorCode(code) ? ERRORS[code].exit : 1);
