import { z } from 'zod';

/** What a file may ask of this machine: it may have been written by somebody else. */
export const fileSchema = z.strictObject({
  version: z.literal(1),
  kdf: z.literal('argon2id'),
  memory_kib: z
    .int()
    .min(8)
    .max(1 << 20),
  passes: z.int().min(1).max(64),
  parallelism: z.int().min(1).max(64),
  salt: z.string(),
  nonce: z.string(),
  ciphertext: z.string().max(4096),
});

export type PassphraseFile = z.output<typeof fileSchema>;
