import type { Socket } from 'node:net';
import { neighbourhoodOf, neighbourhoodOfRemote } from '../../protocol/addresses/neighbourhood.ts';
import { ipOfPeer, remoteOf } from '../../protocol/addresses/remote.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { Admission } from '../admission.ts';
import { actor } from '../contracts.ts';
import { BansInForce } from '../follow-bans.ts';
import { Newcomers } from '../newcomers.ts';
import { noAnswer } from '../no-answer.ts';
import { advertisedAs, advertisedOf } from './advertised.ts';
import { acceptorContract } from './contract.ts';
import { Listeners } from './listeners.ts';
import { Shards } from './shards.ts';

/** Peers that come and go within it may all be given to one shard. */
const ASK_LOAD_EVERY_MS = 1_000;

/** Where a connection comes from, and whether it has paid for a newcomer. */
interface Arrival {
  readonly address: string;
  readonly remote: string;
  readonly newcomer: boolean;
}

/** Listens, and hands every connection that may start a handshake to the least loaded shard, before a byte is read. */
export default actor(acceptorContract, async (context) => {
  const { clock, config, metrics, refs } = context;
  const bans = await BansInForce.follow(context);
  const newcomers = new Newcomers(config);
  const admission = new Admission(config, newcomers);
  /** Accepted, unread, before their turn. */
  const waiting = new Set<Socket>();
  const shards = new Shards(clock, () => refs.transport.size);
  let following = false;
  const listeners = new Listeners(accept);
  const wanted = advertisedAs(config.advertise);
  const bound = await listeners.open(config.listen);

  /** What the QUIC bridge listens on comes after it, and is asked for each time: it starts later than this. */
  async function addresses() {
    const overQuic = await refs.quic.ask('addresses', null).catch(noAnswer);
    const all = [...bound, ...(overQuic?.bound ?? [])];
    return { bound: all, advertised: wanted.length > 0 ? wanted : advertisedOf(all) };
  }

  function accept(socket: Socket): void {
    const { remotePort } = socket;
    const address = ipOfPeer(socket.remoteAddress);
    // Gone before it was looked at.
    if (address === null || socket.destroyed) return void socket.destroy();
    const turn = bans.hasIp(address) ? null : admission.turn(address, clock.now());
    if (turn === null) return refuse(socket);
    const from = { address, remote: remoteOf(address, remotePort), newcomer: turn.newcomer };
    if (turn.waitMs === 0) return begin(socket, from);
    waiting.add(socket);
    clock.after(turn.waitMs, () => {
      if (waiting.delete(socket)) begin(socket, from);
    });
  }

  function begin(socket: Socket, from: Arrival): void {
    const { address, newcomer } = from;
    const release = admission.begin(address);
    const shard = release && shards.pick();
    if (release === null || shard === null) {
      release?.();
      return refuse(socket);
    }
    metrics.add('accepted', 1);
    metrics.set('pending', admission.pending);
    context.spawn(async () => {
      try {
        const established = await handOver(socket, from, shard);
        const net = neighbourhoodOf(address);
        if (established === false) newcomers.fruitless(net, newcomer, clock.now());
        if (established === null && newcomer) newcomers.payBack(net, clock.now());
      } finally {
        release();
        metrics.set('pending', admission.pending);
      }
    });
  }

  function refuse(socket: Socket): void {
    metrics.add('refused', 1);
    socket.destroy();
  }

  function close(): void {
    listeners.close();
    for (const socket of waiting) socket.destroy();
    waiting.clear();
  }

  /**
   * Gives the connection to the shard, or to the next one while those asked turn out to be down. Whether it is a session now;
   * null: nobody took it, which is not the fault of whoever connected.
   */
  async function handOver(
    socket: Socket,
    { remote, newcomer }: Arrival,
    first: number,
  ): Promise<boolean | null> {
    for (let shard: number | null = first; shard !== null && !socket.destroyed; shard = shards.pick()) {
      shards.given(shard);
      let sessions: number | null = null;
      try {
        const answer = await refs.transport.member(shard).ask('adopt', { socket, remote, newcomer });
        sessions = answer.sessions;
        return answer.established;
      } catch (error) {
        if (!(error instanceof ActorError)) throw error;
        // A socket that was on its way already is gone with its shard, and counts as destroyed: the peer dials again.
        context.log.debug({ shard, code: error.code }, 'a shard did not take a connection');
      } finally {
        shards.answered(shard, sessions);
        metrics.set('known_sessions', shards.sessions);
        follow();
      }
    }
    socket.destroy();
    return null;
  }

  /** Sessions end without a word to us: shards that had some are asked, a lone one too, which may have others beside it soon. */
  function follow(): void {
    if (following || shards.occupied.length === 0) return;
    following = true;
    clock.after(ASK_LOAD_EVERY_MS, () =>
      context.spawn(async () => {
        await Promise.all(shards.occupied.map(askLoad));
        metrics.set('known_sessions', shards.sessions);
        following = false;
        follow();
      }),
    );
  }

  async function askLoad(shard: number): Promise<void> {
    const load = await refs.transport.member(shard).ask('load', null).catch(noAnswer);
    if (load !== null) shards.said(shard, load.sessions);
  }

  return {
    handlers: {
      addresses,
      judged({ remote, paid, good }) {
        const net = neighbourhoodOfRemote(remote);
        if (good) newcomers.welcome(net, clock.now());
        else newcomers.fruitless(net, paid, clock.now());
      },
    },
    quiesce: close,
    stop: close,
  };
});
