import { open } from 'node:fs/promises';
import { ioFailure } from '../../errors.ts';
import { decodeRow, type Row } from './row.ts';
import type { Span } from './segment-reader.ts';

/** The rows at those places of one rows file; null for each that cannot be read or is not what was written. */
export async function readRows(path: string, spans: readonly Span[]): Promise<(Row | null)[]> {
  try {
    const file = await open(path);
    try {
      return await Promise.all(
        spans.map(async ({ offset, length }) => {
          const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
          return bytesRead === length ? decodeRow(buffer) : null;
        }),
      );
    } finally {
      await file.close();
    }
  } catch (error) {
    ioFailure(error, path);
    return spans.map(() => null);
  }
}
