import { actor } from '../contracts.ts';
import { controlContract } from './contract.ts';
import { ControlSocket } from './control-socket.ts';
import { callRunner } from './run-call.ts';
import { announce, prepareRunFiles, withdraw } from './run-files.ts';

/** The commands' way in: a Unix socket of this user alone, found through the data folder. */
export default actor(controlContract, async (context) => {
  const { config, refs, clock, log, metrics } = context;
  const { home, pid } = await refs.supervisor.ask('status', null);
  await prepareRunFiles(home, config.socket);
  const socket = new ControlSocket({
    path: config.socket,
    maxClients: config.maxClients,
    run: callRunner(refs, () => metrics.add('calls', 1)),
    clock,
    log,
    clients: (count) => metrics.set('clients', count),
  });
  await socket.listen();
  await announce(home, { pid, socket: config.socket, version: config.version });
  return {
    handlers: {
      info: () => ({ socket: config.socket }),
    },
    async stop() {
      await withdraw(home);
      await socket.close('the node stops');
    },
  };
});
