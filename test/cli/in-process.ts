import { runCli } from '../../src/cli/run-cli.ts';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with an environment of its own. */
export async function run(env: Record<string, string>, ...argv: string[]): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const exit = await runCli(argv, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env,
  });
  return { exit, stdout, stderr };
}

/** The result of a command with `--json`, which is its only line. */
export async function resultOf<T>(
  env: Record<string, string>,
  ...argv: string[]
): Promise<{ exit: number; result: T }> {
  const { exit, stdout } = await run(env, ...argv, '--json');
  const { ok, result } = JSON.parse(stdout) as { ok: boolean; result: T };
  if (!ok) throw new Error(stdout);
  return { exit, result };
}
