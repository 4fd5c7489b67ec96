import { createRequire } from 'node:module';
import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import { bytesEqual } from './bytes.ts';

/**
 * BLAKE3 of the protocol: 32-octet hashes, views on shared memory accepted, the input never copied.
 * The native implementation is used when it loads and hashes the known answers below; else the portable one,
 * which is a hundred times slower: whoever starts the node reads `blake3Implementation` and says so.
 */

export const BLAKE3_LENGTH = 32;

/** A hash in progress. After `digest` the object is spent. */
export interface Blake3 {
  update(data: Uint8Array): Blake3;
  digest(): Uint8Array;
}

interface Implementation {
  hash(data: Uint8Array): Uint8Array;
  create(): Blake3;
  deriveKey(context: string, input: Uint8Array): Uint8Array;
}

interface NativeHasher {
  update(data: Uint8Array): unknown;
  digestBuffer(): Buffer;
}

interface NativeModule {
  blake3(data: Uint8Array): Buffer;
  Blake3Hasher: { new (): NativeHasher; deriveKey(context: string, input: Uint8Array): Buffer };
}

const portable: Implementation = {
  hash: (data) => nobleBlake3(data),
  create() {
    const state = nobleBlake3.create();
    const self: Blake3 = {
      update(data) {
        state.update(data);
        return self;
      },
      digest: () => state.digest(),
    };
    return self;
  },
  deriveKey: (context, input) => nobleBlake3(input, { context: new TextEncoder().encode(context) }),
};

/** The same octets without Buffer's own methods, whose `slice` does not copy. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function loadNative(): Implementation | null {
  try {
    const native = createRequire(import.meta.url)('@napi-rs/blake-hash') as NativeModule;
    const implementation: Implementation = {
      hash: (data) => plain(native.blake3(data)),
      create() {
        const state = new native.Blake3Hasher();
        const self: Blake3 = {
          update(data) {
            state.update(data);
            return self;
          },
          digest: () => plain(state.digestBuffer()),
        };
        return self;
      },
      deriveKey: (context, input) => plain(native.Blake3Hasher.deriveKey(context, input)),
    };
    return selfTest(implementation) ? implementation : null;
  } catch {
    // No binary for this platform, or one that does not load.
    return null;
  }
}

/** Published test vectors (input octet i = i mod 251): one block, one leaf, and enough leaves for the widest SIMD path. */
const KNOWN_ANSWERS: readonly (readonly [length: number, hash: string])[] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [31744, '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47'],
];

function selfTest(implementation: Implementation): boolean {
  return KNOWN_ANSWERS.every(([length, expected]) => {
    const input = Uint8Array.from({ length }, (_, i) => i % 251);
    const answer = Buffer.from(expected, 'hex');
    const split = implementation.create().update(input.subarray(0, 1)).update(input.subarray(1)).digest();
    return bytesEqual(implementation.hash(input), answer) && bytesEqual(split, answer);
  });
}

const native = loadNative();
const active = native ?? portable;

/** Which implementation runs in this thread. */
export const blake3Implementation: 'native' | 'noble' = native === null ? 'noble' : 'native';

/** BLAKE3-256 of `data`. About 50-90 us for 256 KiB. */
export function blake3(data: Uint8Array): Uint8Array {
  return active.hash(data);
}

/** A new incremental BLAKE3-256. */
export function createBlake3(): Blake3 {
  return active.create();
}

/** BLAKE3 key derivation: 32 octets from a context string (a constant of the program) and key material. */
export function blake3DeriveKey(context: string, input: Uint8Array): Uint8Array {
  return active.deriveKey(context, input);
}
