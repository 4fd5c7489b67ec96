import {
  byteString,
  type Codec,
  field,
  fixedByteString,
  id32,
  intStruct,
  textStruct,
  u32,
} from '../cbor/codec.ts';
import { MAX_PAYLOAD } from './limits.ts';

const contentIdBytes = fixedByteString(32);
const HASH_LENGTH = 32;

/** 499: says that the sender has the content. Acknowledged, never relied on. */
export interface HaveContent {
  readonly contentId: Uint8Array;
}

export const haveContent = textStruct<HaveContent>({ contentId: field('content_id', id32) });

/** 500 */
export interface GetChunk {
  readonly contentId: Uint8Array;
  readonly chunkIndex: number;
}

export const getChunk = intStruct<GetChunk>({
  contentId: field('content_id', contentIdBytes),
  chunkIndex: field('chunk_index', u32),
});

/** 501 */
export interface ChunkData {
  readonly contentId: Uint8Array;
  readonly chunkIndex: number;
  /** A view on the message it came in. */
  readonly bytes: Uint8Array;
}

export const chunkData = intStruct<ChunkData>({
  contentId: field('content_id', contentIdBytes),
  chunkIndex: field('chunk_index', u32),
  bytes: field('bytes', byteString),
});

/** 502 */
export interface GetChunkHashes {
  readonly contentId: Uint8Array;
}

export const getChunkHashes = intStruct<GetChunkHashes>({ contentId: field('content_id', contentIdBytes) });

/** 503 */
export interface ChunkHashList {
  readonly contentId: Uint8Array;
  /** The hashes one after another, 32 octets each: what the chunk list hash is made of. */
  readonly hashes: Uint8Array;
}

/** The rest of a 503 message around the hashes: map, id, heads. */
const HASH_LIST_OVERHEAD = 48;
/** A hash as a byte string. */
const LISTED_HASH = 34;

/** Chunks of one file, about 7.5 GiB, whose hash list still fits a payload: no file with more can be carried. */
export const MAX_LISTED_CHUNKS = Math.floor((MAX_PAYLOAD - HASH_LIST_OVERHEAD) / LISTED_HASH);

const hashList: Codec<Uint8Array> = {
  read(r) {
    // Each hash takes more than 32 octets on the wire, so that this is enough room for all of them.
    const packed = new Uint8Array(r.remaining);
    let length = 0;
    r.eachItem(() => {
      if (!r.plainOctets(packed, length, HASH_LENGTH)) packed.set(r.fixedBytes(HASH_LENGTH), length);
      length += HASH_LENGTH;
    });
    return packed.slice(0, length);
  },
  write(w, packed) {
    if (packed.length % HASH_LENGTH !== 0) throw new RangeError('hashes of 32 octets each are needed');
    // Arrays of integers are what the reference sends; its reader takes byte strings as well, and they carry nearly
    // twice as many hashes, so lists that would not fit a payload go that way (SCP2P wire, section 6).
    const asArrays = arraysLength(packed) + HASH_LIST_OVERHEAD <= MAX_PAYLOAD;
    w.array(packed.length / HASH_LENGTH);
    for (let at = 0; at < packed.length; at += HASH_LENGTH) {
      const hash = packed.subarray(at, at + HASH_LENGTH);
      if (asArrays) w.byteArray(hash);
      else w.bytes(hash);
    }
  },
};

function arraysLength(packed: Uint8Array): number {
  let length = (packed.length / HASH_LENGTH) * 2;
  // Half a million octets: by index that is a millisecond, by iterator ten.
  for (let i = 0; i < packed.length; i++) length += packed[i]! < 24 ? 1 : 2;
  return length;
}

export const chunkHashList = intStruct<ChunkHashList>({
  contentId: field('content_id', contentIdBytes),
  hashes: field('hashes', hashList),
});
