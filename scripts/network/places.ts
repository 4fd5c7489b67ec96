import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where one node lives: its address, and what its command line begins with. */
export interface Place {
  readonly ip: string;
  readonly prefix: readonly string[];
}

/** Places for nodes that see each other and nothing else of this machine, or nearly so. */
export interface Places {
  readonly kind: 'namespaces' | 'loopback';
  readonly all: readonly Place[];
  remove(): Promise<void>;
}

/** Each node in a network namespace of its own where that is allowed, else on an address of the loopback. */
export async function makePlaces(count: number, wanted: 'namespaces' | 'loopback' | 'any'): Promise<Places> {
  if (wanted !== 'loopback') {
    try {
      return await namespaces(count);
    } catch (error) {
      if (wanted === 'namespaces') throw error;
    }
  }
  return {
    kind: 'loopback',
    all: Array.from({ length: count }, (_, n) => ({ ip: `127.0.1.${n + 1}`, prefix: [] })),
    remove: async () => {},
  };
}

/** One namespace is the switch, so that nothing of the machine's own network changes. */
async function namespaces(count: number): Promise<Places> {
  const base = `granary-${process.pid}`;
  const hub = `${base}-switch`;
  const made: string[] = [];
  const add = async (name: string) => {
    await run('ip', ['netns', 'add', name]);
    made.push(name);
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  };
  const remove = async () => {
    for (const name of made.splice(0)) await run('ip', ['netns', 'del', name]).catch(() => {});
  };
  try {
    await add(hub);
    await run('ip', ['-n', hub, 'link', 'add', 'br0', 'type', 'bridge']);
    await run('ip', ['-n', hub, 'link', 'set', 'br0', 'up']);
    const all: Place[] = [];
    for (let n = 0; n < count; n++) {
      const name = `${base}-${n}`;
      const ip = `10.77.0.${n + 1}`;
      await add(name);
      const link = ['link', 'add', `v${n}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name];
      await run('ip', ['-n', hub, ...link]);
      await run('ip', ['-n', hub, 'link', 'set', `v${n}`, 'master', 'br0', 'up']);
      await run('ip', ['-n', name, 'addr', 'add', `${ip}/24`, 'dev', 'eth0']);
      await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
      all.push({ ip, prefix: ['ip', 'netns', 'exec', name] });
    }
    return { kind: 'namespaces', all, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
