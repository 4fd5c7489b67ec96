import { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Handlers } from '../../../src/supervisor/contract/actor.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import type { Contract, Messages } from '../../../src/supervisor/contract/contract.ts';
import type { AnySample } from './sample-types.ts';
import { samples } from './samples.ts';

/** Handlers that answer with the sample what arrived as the sample, and refuse what arrived otherwise. */
export function mirror(contract: Contract): Handlers<Messages> {
  const own = samples[contract.name as keyof typeof samples] as Readonly<Record<string, AnySample>>;
  const check = (name: string, got: unknown) => {
    const wanted = own[name]!.message === undefined ? own[name]!.request : own[name]!.message;
    if (name === 'adopt') return checkAdopted(got as { socket: unknown; remote: string });
    if (!isDeepStrictEqual(got, wanted))
      throw new ActorError('E_OTHER', `${contract.name}.${name} arrived changed`);
  };
  return Object.fromEntries(
    Object.entries(contract.messages).map(([name, spec]) => {
      const { reply, items } = own[name]!;
      if (spec.kind === 'stream') {
        return [
          name,
          async function* (request: unknown) {
            check(name, request);
            yield* items!;
          },
        ];
      }
      return [
        name,
        (request: unknown) => {
          check(name, request);
          return reply;
        },
      ];
    }),
  ) as Handlers<Messages>;
}

function checkAdopted({ socket, remote }: { socket: unknown; remote: string }): void {
  if (!(socket instanceof Socket) || remote !== '192.0.2.1')
    throw new ActorError('E_OTHER', 'no socket came');
  socket.end('adopted');
}
