import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { CLOSE, type Must, type Row, WAIT } from '../row.ts';

const row = (name: string, octets: Uint8Array, must: Must, end = false): Row => ({
  stage: 'tcp',
  name,
  // Nobody has said which dialect he speaks yet.
  forms: ['v2'],
  octets: () => octets,
  must,
  end,
});

const record = (type: number, body: Uint8Array, announced = body.length): Uint8Array =>
  b.join(b.raw(type, 3, 1, announced >> 8, announced & 255), body);

/** What comes instead of TLS. */
export const beforeHandshake: readonly Row[] = [
  row('an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), CLOSE),
  row('an SSH banner', Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'), CLOSE),
  row('64 KiB of noise', b.join(b.raw(0), randomBytes(65_535)), CLOSE),
  row('64 KiB of zeros', Buffer.alloc(65_536), CLOSE),
  row('an SSL 2 hello', b.hex(`802e0100020015000000100100800300800700c0${'00'.repeat(28)}`), CLOSE),
  row('a fatal alert', record(21, b.raw(2, 40)), CLOSE),
  row('a hundred warnings', Buffer.concat(Array(100).fill(record(21, b.raw(1, 90)))), CLOSE),
  row('a record of 65535 octets', record(22, randomBytes(1000), 0xffff), CLOSE),
  row('application data before any handshake', record(23, randomBytes(100)), CLOSE),
  row('a change of cipher before any hello', record(20, b.raw(1)), CLOSE),
  row('a TLS hello of no content', record(22, b.raw(1, 0, 0, 0)), CLOSE),
  row(
    'a TLS hello that announces 16 MiB',
    record(22, b.join(b.raw(1, 0xff, 0xff, 0xff), randomBytes(500))),
    CLOSE,
  ),
  row(
    'a TLS hello of an unknown version',
    record(22, b.join(b.raw(1, 0, 0, 40, 0x7f, 0x7f), Buffer.alloc(38))),
    CLOSE,
  ),
  row('a frame of SCP2P without TLS', b.request(400, 1), CLOSE),
  row('half a TLS record, and silence', record(22, randomBytes(20), 400), WAIT),
  row('one octet, and silence', b.raw(22), WAIT),
  row('half a TLS record, and an end', record(22, randomBytes(20), 400), CLOSE, true),
  row('nothing, and an end', Buffer.alloc(0), CLOSE, true),
];
