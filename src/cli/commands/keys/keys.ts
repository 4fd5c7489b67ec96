import type { Register } from '../../context.ts';
import { exportKey } from './export.ts';
import { importKey } from './import.ts';
import { reseal } from './reseal.ts';

export const keys: Register = (program, cli) => {
  const command = program
    .command('keys')
    .description('hand keys over to and from other SCP2P nodes, change what seals them')
    .addHelpText('after', '\nExample:\n  $ granary keys export music music.key\n');
  for (const register of [exportKey, importKey, reseal]) register(command, cli);
};
