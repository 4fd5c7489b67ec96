import { runCli } from './run-cli.ts';

// A reader that has enough (`granary search ... | head -1`) ends the command, and that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  // The terminal is gone; a node that is ending in order goes on doing so.
  if (error.code !== 'EIO') throw error;
});

const code = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
// What is still written goes out first; what still runs (a cut worker) does not keep the command.
process.stdout.write('', () => process.exit(code));
