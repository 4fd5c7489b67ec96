import type { Register } from '../context.ts';

export const demo: Register = (program, cli) => {
  program.command('demo').action(() => cli.run(async () => 0));
};
