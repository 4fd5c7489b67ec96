import { bytesEqual, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { chunkHash, chunkListHash } from '../../../src/protocol/objects/chunks.ts';
import { shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { parseDhtValue } from '../../../src/protocol/objects/dht-value.ts';
import { manifestId, verifyManifest } from '../../../src/protocol/objects/manifest.ts';
import { verifyShareHead } from '../../../src/protocol/objects/share-head.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { nowSeconds } from '../caller.ts';
import { chunkOf, type PublicContent, publicContent } from '../catalog.ts';
import type { Check, CheckSuite } from '../check.ts';
import { decodedHashes } from '../hashes.ts';
import type { Session } from '../session.ts';
import { must, NotJudged } from '../verdict.ts';

const SECTION = 'wire 13';

const ofContent = (
  name: string,
  run: (session: Session, content: PublicContent) => Promise<void>,
  section = SECTION,
): Check => ({
  name,
  section,
  async run(target) {
    const content = await publicContent(target);
    await run(await target.session(), content);
  },
});

export const content: CheckSuite = {
  name: 'content',
  checks: [
    ofContent(
      'a public share’s manifest has the id under which it is listed, and a valid signature',
      async (_session, { share, manifest }) => {
        const id = manifestId(manifest);
        must(bytesEqual(id, share.latestManifestId), toHex(share.latestManifestId), toHex(id));
        const verdict = verifyManifest(manifest, nowSeconds());
        must(verdict.ok, 'a valid manifest', verdict.ok ? '' : verdict.reason);
        must(bytesEqual(manifest.shareId, share.shareId), 'the listed share', toHex(manifest.shareId));
        must(manifest.visibility === 'public', 'public', manifest.visibility);
      },
      'wire 9.3',
    ),
    ofContent(
      '502 gives as many hashes as the file has chunks, and they hash to the list hash',
      async (session, { item }) => {
        const hashes = decodedHashes(
          await session.ask(types.GET_CHUNK_HASHES, { contentId: item.contentId }),
        );
        must(hashes.length === item.chunkCount, `${item.chunkCount} hashes`, `${hashes.length}`);
        const list = chunkListHash(hashes);
        must(bytesEqual(list, item.chunkListHash), toHex(item.chunkListHash), toHex(list));
      },
    ),
    ofContent('500 gives the first chunk with the hash of the list', async (session, { item }) => {
      const hashes = decodedHashes(await session.ask(types.GET_CHUNK_HASHES, { contentId: item.contentId }));
      const hash = chunkHash(await chunkOf(session, item, 0));
      must(bytesEqual(hash, hashes[0]!), toHex(hashes[0]!), toHex(hash));
    }),
    ofContent(
      '500 gives the last chunk with the hash of the list, and no octet more',
      async (session, { item }) => {
        const hashes = decodedHashes(
          await session.ask(types.GET_CHUNK_HASHES, { contentId: item.contentId }),
        );
        const last = item.chunkCount - 1;
        const hash = chunkHash(await chunkOf(session, item, last));
        must(bytesEqual(hash, hashes[last]!), toHex(hashes[last]!), toHex(hash));
      },
    ),
    ofContent('500 beyond the end of a file: "chunk not found"', async (session, { item }) => {
      for (const chunkIndex of [item.chunkCount, 0xffff_ffff]) {
        const payload = encodeRequest(types.GET_CHUNK, { contentId: item.contentId, chunkIndex });
        const text = await session.refusal(types.GET_CHUNK, payload);
        must(text === 'chunk not found', 'chunk not found', text);
      }
    }),
    ofContent('sixteen chunks asked for at once come in order', async (session, { item }) => {
      const indexes = Array.from({ length: 16 }, (_, i) => i % item.chunkCount);
      const asked = indexes.map((chunkIndex, reqId) => ({
        reqId,
        payload: encodeRequest(types.GET_CHUNK, { contentId: item.contentId, chunkIndex }),
      }));
      session.pipeline(types.GET_CHUNK, asked);
      for (const { reqId } of asked) {
        const reply = await session.reply();
        must(reply.reqId === reqId, `req_id ${reqId}`, `req_id ${reply.reqId}`);
        must(reply.type === types.CHUNK_DATA, `type ${types.CHUNK_DATA}`, `type ${reply.type}`);
      }
    }),
    ofContent(
      '201 gives the head of a public share, signed by its key',
      async (session, { share }) => {
        const { value } = await session.ask(types.FIND_VALUE, { key: shareHeadKey(share.shareId) });
        if (value === null) throw new NotJudged('the target holds no head of its share under its DHT key');
        const found = parseDhtValue(value.value);
        must(found?.kind === 'share-head', 'a share head', found?.kind ?? 'something unknown');
        const verdict = verifyShareHead(found.value, share.sharePubkey);
        must(verdict.ok, 'a valid head', verdict.ok ? '' : verdict.reason);
      },
      'wire 10',
    ),
  ],
};
