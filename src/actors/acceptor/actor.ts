import type { Socket } from 'node:net';
import { formatIp, parseIp } from '../../protocol/addresses/ip.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { actor } from '../contracts.ts';
import { Admission } from './admission.ts';
import { advertisedOf } from './advertised.ts';
import { acceptorContract } from './contract.ts';
import { Listeners } from './listeners.ts';
import { Shards } from './shards.ts';

/** Listens, and hands every connection that may start a handshake to the least loaded shard, before a byte is read. */
export default actor(acceptorContract, async (context) => {
  const { clock, config, metrics, refs } = context;
  const admission = new Admission(config);
  const shards = new Shards(clock, refs.transport.size);
  const listeners = new Listeners(accept);
  const bound = await listeners.open(config.listen);
  const advertised = config.advertise.length > 0 ? config.advertise : advertisedOf(bound);

  function accept(socket: Socket): void {
    const { remotePort } = socket;
    const address = ipOf(socket);
    // Gone before it was looked at.
    if (address === null || socket.destroyed) return void socket.destroy();
    const release = admission.admit(address, clock.now());
    const shard = release && shards.pick();
    if (release === null || shard === null) {
      release?.();
      metrics.add('refused', 1);
      return void socket.destroy();
    }
    metrics.add('accepted', 1);
    metrics.set('pending', admission.pending);
    const host = address.includes(':') ? `[${address}]` : address;
    shards.given(shard);
    context.spawn(async () => {
      let sessions: number | null = null;
      try {
        const request = { socket, remote: `${host}:${remotePort}` };
        ({ sessions } = await refs.transport.member(shard).ask('adopt', request));
      } catch (error) {
        if (!(error instanceof ActorError)) throw error;
        // The shard is being restarted, or stops. The peer dials again.
        context.log.debug({ shard, code: error.code }, 'a connection was lost with its shard');
        socket.destroy();
      } finally {
        release();
        shards.answered(shard, sessions);
        metrics.set('pending', admission.pending);
      }
    });
  }

  return {
    handlers: {
      addresses: () => ({ bound, advertised }),
    },
    quiesce: () => listeners.close(),
    stop: () => listeners.close(),
  };
});

/** The peer's address in its shortest form, an IPv4 one not dressed up as IPv6. */
function ipOf({ remoteAddress }: Socket): string | null {
  const octets = parseIp(remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '').split('%')[0] ?? '');
  return octets && formatIp(octets);
}
