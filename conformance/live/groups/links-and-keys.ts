import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeSealedSecret,
  encodeSealedSecret,
  keyFromNodeKey,
  keyFromPassphrase,
  openSecret,
  sealSecret,
} from '../../../src/protocol/crypto/sealed-secret.ts';
import type { Node } from '../../../test/e2e/granary-process.ts';
import { type Cell, everywhere, type Group, type Place } from '../cell.ts';
import { must } from '../expect.ts';
import { fileOf } from '../files.ts';
import {
  bareLink,
  followByGranary,
  followByReference,
  publishAtGranary,
  publishAtReference,
  type Share,
} from '../flows.ts';
import { Reference } from '../reference.ts';
import type { DialectNumber } from '../reference-build.ts';
import { publisherSecretOf, putPublisher } from '../reference-store.ts';
import { addressOf, type World } from '../world.ts';

const PASSPHRASE = 'a passphrase for interoperation';

/** Without regard to the transport: a row with two cells. */
const offline = (name: string, run: (world: World, dialect: DialectNumber) => Promise<unknown>): Cell[] =>
  ([1, 2] as const).map((dialect) => ({
    name,
    transport: 'tcp',
    dialect,
    run: (world: World) => run(world, dialect),
  }));

/** A link that a Granary node without any bootstrap node follows: the addresses in it are all it has. */
const link = (name: string, write: (bare: string, address: string) => string): Cell[] =>
  everywhere(name, async (world, place) => {
    addressOf(await world.granary('server'), place.transport);
    const reference = await world.reference(place.dialect);
    const files = [await fileOf(world, 77)];
    const share = await publishAtReference(reference, {
      files,
      label: `link-${name}-${place.transport}`,
      title: name,
    });
    const address = `${reference.address(place.transport)}@${reference.ready.node_pubkey}`;
    await followByGranary(await fresh(world), share, write(bareLink(share.link), address));
  });

const fresh = (world: World): Promise<Node> => world.granary('link reader');
const encoded = encodeURIComponent;

async function followedBy(world: World, place: Place, link: (share: Share) => string): Promise<void> {
  const node = await world.granary('server');
  const share = await publishAtGranary(node, [await fileOf(world, 77)], '--share', 'linked', '--public');
  const reference = await world.reference(place.dialect, 'subscriber', []);
  await followByReference(reference, { ...share, link: link(share) }, addressOf(node, place.transport));
}

export const linksAndKeys: Group = {
  name: 'Links and key files',
  about:
    'Links as both kinds of node write them, and as people pass them on. Keys of shares at rest: what one seals the other opens.',
  cells: [
    ...link('a link with an address', (bare, address) => `${bare}?bp=${encoded(address)}`),
    ...link(
      'a link whose address was encoded twice',
      (bare, address) => `${bare}?bp=${encoded(encoded(address))}`,
    ),
    ...link(
      'a link with a dead address and no address before the good one',
      (bare, address) => `${bare}?bp=${encoded(`tcp://127.0.0.1:9,nowhere,${address}`)}`,
    ),
    ...link('a link with padding and white space', (bare, address) => `  ${bare}==?bp=${encoded(address)}\n`),
    ...everywhere('a link of Granary, read by the reference', (world, place) =>
      followedBy(world, place, ({ link }) => link),
    ),
    ...everywhere('a link of Granary without addresses, read by the reference', (world, place) =>
      followedBy(world, place, ({ link }) => bareLink(link)),
    ),
    ...offline('a key sealed by the reference, imported by Granary', async (world, dialect) => {
      const dataDir = world.path('reference-home');
      const reference = await startWith(world, dialect, dataDir);
      const files = [await fileOf(world, 77)];
      const share = await publishAtReference(reference, {
        files,
        label: 'handed over',
        title: 'handed over',
      });
      await reference.stop();
      const [sealed, secret] = [world.path('handed-over.key'), world.path('node.secret')];
      await writeFile(sealed, publisherSecretOf(join(dataDir, 'node.db'), 'handed over'));
      await writeFile(secret, reference.ready.node_seed);
      const node = await world.granary('server');
      const name = `handed over ${dialect}`;
      const imported = await node.must<{ share_id: string }>(
        'keys',
        'import',
        sealed,
        '--share',
        name,
        '--node-secret-file',
        secret,
      );
      must(imported.share_id === share.shareId, 'another share');
      const published = await publishAtGranary(node, [await fileOf(world, 77)], '--share', name);
      must(published.shareId === share.shareId, 'published as another share');
      const follower = await world.reference(dialect, 'subscriber', []);
      await followByReference(follower, published, addressOf(node, 'tcp'));
    }),
    ...offline('a key exported by Granary, used by the reference', async (world, dialect) => {
      const node = await world.granary('server');
      const name = `exported ${dialect}`;
      const published = await publishAtGranary(node, [await fileOf(world, 77)], '--share', name);
      const file = world.path('exported.key');
      const passphrase = world.path('passphrase');
      await writeFile(passphrase, PASSPHRASE);
      await node.must('keys', 'export', name, file, '--passphrase-file', passphrase);
      const dataDir = world.path('reference-home');
      const first = await startWith(world, dialect, dataDir);
      await publishAtReference(first, {
        files: [await fileOf(world, 1)],
        label: 'exported',
        title: 'exported',
      });
      await first.stop();
      await handOver(file, join(dataDir, 'node.db'), first.ready.node_seed);
      const second = await startWith(world, dialect, dataDir);
      const share = await publishAtReference(second, {
        files: [await fileOf(world, 1)],
        label: 'exported',
        title: 'x',
      });
      await second.stop();
      must(share.shareId === published.shareId, 'it signs as another share');
      return 'no program of the reference asks for a passphrase: the secret was sealed anew, by our own code, under the key of its node, and put into its database';
    }),
  ],
};

const startWith = (world: World, dialect: DialectNumber, dataDir: string): Promise<Reference> =>
  Reference.start({ program: world.programs[dialect], args: ['--data-dir', dataDir] });

/** The exported secret, sealed under the node's key, in the place of the publisher's. */
async function handOver(file: string, database: string, nodeSeed: string): Promise<void> {
  const exported = decodeSealedSecret(await readFile(file));
  const secret = openSecret(await keyFromPassphrase(PASSPHRASE, exported.salt), exported);
  must(secret !== null, 'the exported key does not open with its passphrase');
  const under = keyFromNodeKey(new Uint8Array(Buffer.from(nodeSeed, 'hex')));
  const resealed = sealSecret(under, secret, { salt: new Uint8Array(16), nonce: exported.nonce });
  putPublisher(database, 'exported', encodeSealedSecret(resealed));
}
