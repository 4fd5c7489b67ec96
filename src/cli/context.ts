import type { Command } from 'commander';
import { NodeClient } from './client.ts';
import type { Interrupts } from './interrupts.ts';
import type { Output } from './output.ts';

/** What a command works with. */
export interface CommandContext {
  readonly output: Output;
  /** The data folder, absolute. */
  readonly home: string;
  /** Another configuration file than the data folder's. */
  readonly config: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly interrupts: Interrupts;
}

/** Resolves to the exit code; nothing means 0. Throws what ends the command. */
export type Work = (context: CommandContext) => Promise<number | undefined>;

export interface Cli {
  run(work: Work): Promise<void>;
}

/** Adds a command to the program. */
export type Register = (program: Command, cli: Cli) => void;

/** Work that asks the running node: connected, cancelled by Ctrl-C, hung up at the end. May resolve to an exit code. */
export function withNode(
  work: (client: NodeClient, context: CommandContext, signal: AbortSignal) => Promise<number> | Promise<void>,
): Work {
  return async (context) => {
    const { first, second } = context.interrupts;
    // Whatever hangs then, hangs without us.
    second.addEventListener('abort', () => process.exit(130), { once: true });
    const client = await NodeClient.connect(context.home);
    try {
      return (await work(client, context, first)) ?? undefined;
    } finally {
      client.close();
    }
  };
}
