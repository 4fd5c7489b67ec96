import { expect, test } from 'vitest';
import type { DownloadFile } from '../../../src/actors/transfer/download-file.ts';
import { missingFiles } from '../../../src/actors/transfer/missing-files.ts';
import { type ErrorCode, failure } from '../../../src/errors.ts';

const fileWith = (code: ErrorCode | null) =>
  ({ name: `${code}.bin`, error: code && failure(code, 'of the file') }) as unknown as DownloadFile;
const codeOf = (codes: (ErrorCode | null)[], otherwise: ErrorCode, retryable = false) => {
  const files = codes.map(fileWith);
  const { code, retryable: mayPass } = missingFiles(
    files,
    files,
    failure(otherwise, 'of a peer', { retryable }),
  );
  return [code, mayPass];
};

test('wrong bytes are told first, and do not end the hope for a provider that may come back', () => {
  expect(codeOf(['E_PEER_ERROR', 'E_CHUNK_CORRUPT'], 'E_PEER_PROTOCOL')).toEqual(['E_CHUNK_CORRUPT', false]);
  expect(codeOf(['E_CHUNK_CORRUPT'], 'E_PEER_SILENT', true)).toEqual(['E_CHUNK_CORRUPT', true]);
});

test('what may pass is told before what others lack', () => {
  expect(codeOf(['E_PEER_ERROR'], 'E_PEER_SILENT', true)).toEqual(['E_PEER_SILENT', true]);
});

test('a peer that broke the protocol is told before one that lacks the file; a fault of this disk before both', () => {
  expect(codeOf(['E_PEER_ERROR'], 'E_PEER_PROTOCOL')).toEqual(['E_PEER_PROTOCOL', false]);
  expect(codeOf(['E_PEER_ERROR'], 'E_NO_PROVIDER')).toEqual(['E_PEER_ERROR', false]);
  expect(codeOf([null, 'E_FILE_CHANGED'], 'E_PEER_PROTOCOL')).toEqual(['E_FILE_CHANGED', false]);
  expect(codeOf([null], 'E_NO_PROVIDER')).toEqual(['E_NO_PROVIDER', false]);
});
