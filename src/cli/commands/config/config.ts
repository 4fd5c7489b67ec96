import type { Register } from '../../context.ts';
import { check } from './check.ts';
import { reload } from './reload.ts';
import { show } from './show.ts';

export const config: Register = (program, cli) => {
  const command = program
    .command('config')
    .description('check the configuration, show what is in force, have it read again')
    .addHelpText('after', '\nExample:\n  $ granary config check\n');
  for (const register of [check, show, reload]) register(command, cli);
};
