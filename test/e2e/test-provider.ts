import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { selfSigned } from '../../bench/self-signed.ts';
import { encodeWith } from '../../src/protocol/cbor/codec.ts';
import { blake3 } from '../../src/protocol/crypto/blake3.ts';
import { concatBytes, toHex } from '../../src/protocol/crypto/bytes.ts';
import { generateSeed, keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import { freshHandshakeSecrets } from '../../src/protocol/handshake/own-secrets.ts';
import { createReplayTable } from '../../src/protocol/handshake/replay-table.ts';
import { createResponder } from '../../src/protocol/handshake/responder.ts';
import { formatShareLink } from '../../src/protocol/links/share-link.ts';
import { CHUNK_SIZE, chunkListHash } from '../../src/protocol/objects/chunks.ts';
import { shareHeadKey } from '../../src/protocol/objects/dht-keys.ts';
import {
  encodeManifest,
  type Manifest,
  manifestId,
  signManifest,
} from '../../src/protocol/objects/manifest.ts';
import { type ShareHead, shareHead, signShareHead } from '../../src/protocol/objects/share-head.ts';
import { NO_CAPABILITIES } from '../../src/protocol/wire/capabilities.ts';
import { decodeEnvelope, encodeFrame, FLAG_RESPONSE } from '../../src/protocol/wire/envelope.ts';
import { errorReply } from '../../src/protocol/wire/errors.ts';
import * as types from '../../src/protocol/wire/message-types.ts';
import { decodeRequest, encodeReply } from '../../src/protocol/wire/registry.ts';

/** What the provider may do wrong; by default it is honest. */
export interface Misdeeds {
  /** Changes the bytes of a chunk before they are sent. `time` counts the askings for that chunk from 1. */
  chunk?(data: Uint8Array, index: number, time: number): Uint8Array;
  /** Resolves when a chunk may be sent; replies keep their order. */
  gate?(index: number): Promise<void>;
  head?(head: ShareHead): ShareHead;
  manifest?(manifest: Manifest): Manifest;
}

const CAPABILITIES = { ...NO_CAPABILITIES, contentSeed: true };

/** A plain node of the network, scripted: it publishes one file and answers what a subscriber asks. */
export async function testProvider(size: number, misdeeds: Misdeeds = {}) {
  const node = keyPairFromSeed(generateSeed());
  const share = keyPairFromSeed(generateSeed());
  const bytes = new Uint8Array(randomBytes(size));
  const chunks = Array.from({ length: Math.ceil(size / CHUNK_SIZE) }, (_, i) =>
    bytes.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE),
  );
  const hashes = chunks.map((chunk) => blake3(chunk));
  const contentId = blake3(bytes);
  const honest = signManifest(share, {
    version: 1,
    seq: 1n,
    createdAt: 1_700_000_000n,
    expiresAt: null,
    title: 'of a test provider',
    description: null,
    visibility: 'public',
    communities: [],
    items: [
      {
        contentId,
        size,
        name: 'file.bin',
        path: null,
        mime: null,
        tags: [],
        chunkCount: chunks.length,
        chunkListHash: chunkListHash(hashes),
      },
    ],
    recommendedShares: [],
  });
  const manifest = misdeeds.manifest?.(honest) ?? honest;
  const honestHead = signShareHead(share, {
    latestSeq: 1n,
    latestManifestId: manifestId(manifest),
    updatedAt: 1_700_000_000n,
  });
  const head = misdeeds.head?.(honestHead) ?? honestHead;
  const asked = new Map<number, number>();
  const replays = createReplayTable();

  const answer = (type: number, payload: Uint8Array): Uint8Array | null => {
    switch (type) {
      case types.FIND_VALUE: {
        const { key } = decodeRequest(types.FIND_VALUE, payload);
        const known = toHex(key) === toHex(shareHeadKey(manifest.shareId));
        const value = known ? { key, value: encodeWith(shareHead, head), ttlSecs: 60n } : null;
        return encodeReply(types.FIND_VALUE, { value, closerPeers: [] });
      }
      case types.GET_MANIFEST: {
        const request = decodeRequest(types.GET_MANIFEST, payload);
        return encodeReply(types.GET_MANIFEST, {
          manifestId: request.manifestId,
          bytes: encodeManifest(manifest),
        });
      }
      case types.GET_CHUNK_HASHES:
        return encodeReply(types.GET_CHUNK_HASHES, { contentId, hashes: concatBytes(...hashes) });
      case types.GET_CHUNK: {
        const { chunkIndex } = decodeRequest(types.GET_CHUNK, payload);
        const time = (asked.get(chunkIndex) ?? 0) + 1;
        asked.set(chunkIndex, time);
        const data = chunks[chunkIndex]!.slice();
        return encodeReply(types.GET_CHUNK, {
          contentId,
          chunkIndex,
          bytes: misdeeds.chunk?.(data, chunkIndex, time) ?? data,
        });
      }
      default:
        return null;
    }
  };

  const sockets = new Set<tls.TLSSocket>();
  const server = tls.createServer(selfSigned('p256'), (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const responder = createResponder({
      key: node,
      capabilities: CAPABILITIES,
      replays,
      secrets: () => freshHandshakeSecrets(false),
    });
    let open = false;
    let pending = Buffer.alloc(0);
    let turn = Promise.resolve();
    socket.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
        const end = 4 + pending.readUInt32BE(0);
        const body = new Uint8Array(pending.subarray(4, end));
        pending = pending.subarray(end);
        if (!open) {
          const step = responder.receive(body, Date.now() / 1000);
          if (step.send) socket.write(step.send);
          if (step.kind === 'failed') socket.destroy();
          open = step.kind === 'done';
          continue;
        }
        const request = decodeEnvelope(body);
        const payload = answer(request.type, request.payload);
        const type = replyTypeOf(request.type);
        const frame = encodeFrame(
          payload
            ? { type, reqId: request.reqId, flags: FLAG_RESPONSE, payload }
            : errorReply(request, 'not here'),
        );
        const { gate } = misdeeds;
        if (request.type === types.GET_CHUNK && gate) {
          const { chunkIndex } = decodeRequest(types.GET_CHUNK, request.payload);
          turn = turn.then(() => gate(chunkIndex));
        }
        turn = turn.then(() => void socket.write(frame));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    link: formatShareLink(share.publicKey, [
      { transport: 'tcp', host: '127.0.0.1', port, nodeKey: node.publicKey },
    ]),
    shareId: toHex(manifest.shareId),
    bytes,
    /** How often each chunk was asked for. */
    asked,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const replyTypeOf = (type: number): number =>
  ({
    [types.GET_MANIFEST]: types.MANIFEST_DATA,
    [types.GET_CHUNK_HASHES]: types.CHUNK_HASH_LIST,
    [types.GET_CHUNK]: types.CHUNK_DATA,
  })[type] ?? type;
