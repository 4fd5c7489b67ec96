import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NodeClient } from '../src/cli/client.ts';
import { createNode, type GranaryNode } from '../src/node.ts';
import { socketPath } from '../src/settings/run-folder.ts';

// How long a new revision of a share takes to reach other nodes: one publisher, subscribers that look for it by
// themselves, all of them real nodes of this process. `npm run propagation -- --nodes 5 --revisions 10 --interval 5`.

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5' },
    revisions: { type: 'string', default: '10' },
    /** Seconds between passes. */
    interval: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const [nodes, revisions, interval] = [values.nodes, values.revisions, values.interval].map(Number) as [
  number,
  number,
  number,
];
/** A revision that takes longer counts as lost. */
const LATEST_MS = Math.max(60_000, interval * 20_000);

class Member {
  readonly home: string;
  readonly node: GranaryNode;
  readonly client: NodeClient;

  private constructor(home: string, node: GranaryNode, client: NodeClient) {
    this.home = home;
    this.node = node;
    this.client = client;
  }

  static async start(root: string, name: string, bootstrap: readonly string[]): Promise<Member> {
    const home = join(root, name);
    await mkdir(home);
    const node = await createNode({
      home,
      logLevel: 'error',
      shards: 1,
      store: { keys: 'plain', backupHours: 0 },
      acceptor: { listen: ['tcp://127.0.0.1:0'] },
      pex: { bootstrap: [...bootstrap], scope: 'test' },
      dht: { scope: 'test' },
      sync: { intervalSeconds: interval },
      control: { socket: socketPath(home, {}) },
    });
    return new Member(home, node, await NodeClient.connect(home));
  }

  get address(): string {
    return `${this.node.addresses[0]}@${this.node.nodeKey}`;
  }

  async seq(): Promise<number> {
    const { subscriptions } = await this.client.call('subs', {});
    return subscriptions[0]?.seq ?? 0;
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.node.stop();
  }
}

const root = await mkdtemp(join(tmpdir(), 'granary-propagation-'));
const members: Member[] = [];
try {
  const publisher = await Member.start(root, 'publisher', []);
  members.push(publisher);
  for (let n = 1; n < nodes; n++) {
    members.push(await Member.start(root, `subscriber-${n}`, [publisher.address]));
  }
  const folder = join(root, 'files');
  await mkdir(folder);
  await writeFile(join(folder, 'first.txt'), 'first');
  const publish = () =>
    publisher.client.call('publish', { paths: [folder], share: 'news', public: true }, { onEvent: () => {} });
  const { link } = await publish();
  const subscribers = members.slice(1);
  for (const { client } of subscribers) await client.call('subscribe', { link });
  const delays: number[] = [];
  for (let revision = 0; revision < revisions; revision++) {
    await appendFile(join(folder, `file-${revision}.txt`), String(revision));
    const { seq } = await publish();
    const from = performance.now();
    await Promise.all(
      subscribers.map(async (subscriber) => {
        while ((await subscriber.seq()) < seq) {
          if (performance.now() - from > LATEST_MS) throw new Error('a revision did not come through');
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        delays.push(performance.now() - from);
      }),
    );
  }
  delays.sort((a, b) => a - b);
  const at = (part: number) => delays[Math.ceil(delays.length * part) - 1]! / 1000;
  const result = {
    nodes,
    revisions,
    interval,
    p50: at(0.5),
    p95: at(0.95),
    most: at(1),
    load: loadavg()[0]!,
  };
  const text = `${nodes} nodes, a pass every ${interval} s: news after ${result.p50.toFixed(1)} s in the median, ${result.p95.toFixed(1)} s for 95 in 100, ${result.most.toFixed(1)} s at most (load ${result.load.toFixed(1)})`;
  console.log(values.json ? JSON.stringify(result) : text);
} finally {
  await Promise.all(members.map((member) => member.stop()));
  await rm(root, { recursive: true, force: true });
}
