import { afterEach, describe, expect, test } from 'vitest';
import { SeedList } from '../../../src/actors/pex/seed-list.ts';
import { addressOf, keyOf } from './peers.ts';
import { OWN_ADDRESS, PexWorld } from './world.ts';

const KEY = keyOf(0xabc);

describe('the list', () => {
  const entries = (list: SeedList) =>
    list.entries().map(({ origin, address }) => [origin, address.host, address.port]);

  test('added and removed over the configuration, and the same after a restart', () => {
    let list = new SeedList();
    list.configure(['tcp://1.1.1.1:7001', 'seed.example.org:7001', 'quic://2.2.2.2:7000', 'nonsense'], false);
    expect(list.add('tcp://3.3.3.3:7001')).toBe(true);
    expect(list.add('tcp://3.3.3.3:7001')).toBe(false);
    expect(list.add('1.1.1.1:7001')).toBe(false);
    list.remove('seed.example.org:7001');
    for (let life = 0; life < 2; life++) {
      expect(entries(list)).toEqual([
        ['live', '3.3.3.3', 7001],
        ['configuration', '1.1.1.1', 7001],
        ['configuration', '2.2.2.2', 7000],
      ]);
      const kept = JSON.parse(JSON.stringify(list.changes()));
      list = new SeedList(kept);
      list.configure(['tcp://1.1.1.1:7001', 'seed.example.org:7001', 'quic://2.2.2.2:7000'], false);
    }
    list.remove('3.3.3.3:7001');
    expect(entries(list)).toHaveLength(2);
    // What was removed can be added again.
    list.add('seed.example.org:7001');
    expect(entries(list)).toContainEqual(['live', 'seed.example.org', 7001]);
  });

  test('another key for the same place takes its place', () => {
    const list = new SeedList();
    list.configure(['tcp://1.1.1.1:7001'], false);
    expect(list.add(`tcp://1.1.1.1:7001@${KEY}`)).toBe(true);
    expect(list.entries()).toHaveLength(1);
    list.remove('1.1.1.1:7001');
    expect(list.entries()).toEqual([]);
  });

  test('what a flag gave, nothing live takes away', () => {
    const list = new SeedList({ added: [], removed: ['tcp://1.1.1.1:7001'] });
    list.configure(['tcp://1.1.1.1:7001'], true);
    expect(list.entries()).toHaveLength(1);
    expect(() => list.remove('1.1.1.1:7001')).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
  });

  test.each([
    ['add', 'nonsense', 'E_ADDRESS_INVALID'],
    ['add', 'tcp://1.1.1.1', 'E_ADDRESS_INVALID'],
    ['remove', 'tcp://1.1.1.1:1', 'E_NOT_FOUND'],
    ['remove', '', 'E_ADDRESS_INVALID'],
  ] as const)('%s %j: %s', (way, text, code) => {
    const list = new SeedList();
    expect(() => list[way](text)).toThrow(expect.objectContaining({ code }));
  });

  test('is bounded', () => {
    const list = new SeedList();
    for (let n = 0; n < 256; n++) list.add(addressOf(n));
    expect(() => list.add(addressOf(256))).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });
});

describe('seeds of a node', () => {
  let world: PexWorld;
  afterEach(() => world.stop());

  test('connected, failing and untried; a wrong pin is told', async () => {
    const pinned = `${addressOf(2)}@${KEY}`;
    world = await PexWorld.start({ bootstrap: [addressOf(1), pinned, addressOf(3)], outbound: 3 });
    expect((await world.seeds()).map(({ state }) => state)).toEqual(['untried', 'untried', 'untried']);
    world.node(addressOf(1), keyOf(1));
    world.node(addressOf(2), keyOf(2));
    await world.clock.advance(5_000);
    const [first, second, third] = await world.seeds();
    expect(first).toMatchObject({ state: 'connected', error: null, nextTry: null, origin: 'configuration' });
    expect(first!.lastAnswer).not.toBeNull();
    expect(second).toMatchObject({ address: pinned, state: 'failing', error: { code: 'E_PEER_IDENTITY' } });
    expect(third).toMatchObject({ state: 'failing', error: { code: 'E_PEER_UNREACHABLE' } });
    expect(world.said.map(({ message }) => message)).toContain(
      'another node answers at a pinned bootstrap address',
    );
    world.hangUp(addressOf(1));
    world.nodes.get(addressOf(1))!.up = false;
    await world.clock.advance(3_000);
    expect((await world.seeds())[0]!.state).toMatch(/answered|failing/);
  });

  test('one that failed for long and is added again with another key is dialled at once', async () => {
    world = await PexWorld.start({ outbound: 3 });
    world.node(addressOf(1), keyOf(1));
    await world.handlers.addSeed({ address: `${addressOf(1)}@${KEY}` }, world.call);
    await world.clock.advance(3_600_000);
    expect(await world.seeds()).toMatchObject([{ state: 'failing', error: { code: 'E_PEER_IDENTITY' } }]);
    await world.handlers.addSeed({ address: `${addressOf(1)}@${keyOf(1)}` }, world.call);
    await world.clock.advance(100);
    expect(await world.seeds()).toMatchObject([{ state: 'connected' }]);
  });

  test('one that is added is dialled at once; one that is removed is not dialled again', async () => {
    world = await PexWorld.start({ outbound: 3 });
    world.node(addressOf(1), keyOf(1));
    await world.clock.advance(60_000);
    expect(await world.handlers.addSeed({ address: addressOf(1) }, world.call)).toEqual({ changed: true });
    await world.clock.advance(100);
    expect(world.sessions.size).toBe(1);
    await world.handlers.addSeed({ address: addressOf(2) }, world.call);
    await world.clock.advance(100);
    await world.handlers.removeSeed({ address: addressOf(2) }, world.call);
    const before = world.dials.length;
    await world.clock.advance(3_600_000);
    expect(world.dials.slice(before).filter(({ address }) => address === addressOf(2))).toEqual([]);
    const { kept } = world;
    await world.stop();
    world = await PexWorld.start({ outbound: 3 }, { kept });
    expect((await world.seeds()).map(({ address, origin }) => [address, origin])).toEqual([
      [addressOf(1), 'live'],
    ]);
  });

  test('a host name is resolved, dialled where it leads, and resolved again when that fails', async () => {
    world = await PexWorld.start({ bootstrap: ['tcp://seed.example.org:7001'], outbound: 1 });
    world.names.set('seed.example.org', ['60.1.1.1', '60.2.2.2']);
    world.node('tcp://60.2.2.2:7001', keyOf(2));
    await world.clock.advance(2_000);
    expect(world.dials.map(({ address }) => address)).toEqual(['tcp://60.1.1.1:7001', 'tcp://60.2.2.2:7001']);
    expect((await world.seeds())[0]).toMatchObject({
      state: 'connected',
      resolved: ['tcp://60.1.1.1:7001', 'tcp://60.2.2.2:7001'],
    });
    expect(await world.handlers.sources({ limit: 9 }, world.call)).toContain('tcp://60.2.2.2:7001');
    world.nodes.clear();
    world.sessions.clear();
    world.names.set('seed.example.org', ['60.3.3.3']);
    world.node('tcp://60.3.3.3:7001', keyOf(3));
    await world.clock.advance(30 * 60_000);
    expect([...world.sessions.keys()]).toEqual(['tcp://60.3.3.3:7001']);
  });

  test('a name that leads to a private place, or to ourselves, is not followed', async () => {
    world = await PexWorld.start({ bootstrap: ['inside.example:7001', 'us.example:7001'], outbound: 3 });
    world.names.set('inside.example', ['10.0.0.1', '127.0.0.1']);
    world.names.set('us.example', [OWN_ADDRESS.slice(6, -5)]);
    await world.clock.advance(10 * 60_000);
    expect(world.dials).toEqual([]);
    const errors = (await world.seeds()).map(({ error }) => error!);
    expect(errors.map(({ code }) => code)).toEqual(['E_ADDRESS_INVALID', 'E_ADDRESS_INVALID']);
    expect(errors[0]!.message).toContain('10.0.0.1, 127.0.0.1');
  });

  test('a private address that was typed is dialled', async () => {
    world = await PexWorld.start({ bootstrap: ['tcp://10.0.0.1:443'], outbound: 1 });
    world.node('tcp://10.0.0.1:443', keyOf(1));
    await world.clock.advance(2_000);
    expect(world.sessions.size).toBe(1);
    // But nobody outside is told of it.
    expect(await world.answer()).toHaveLength(1);
  });
});
