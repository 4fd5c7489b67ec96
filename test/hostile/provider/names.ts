import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { type ProviderRow, provider } from './rows.ts';
import type { Answer, Misdeed } from './server.ts';
import { chunkData, hashList, reply } from './server.ts';
import { type File, fileOf, item } from './share.ts';

/** Names and paths that a file system, a terminal or a person reads as something else. */
export const HOSTILE_NAMES: readonly string[] = [
  '../../../../tmp/escaped',
  '/etc/passwd',
  '..',
  '.',
  '',
  'a/../../b',
  '..\\..\\windows',
  'C:\\autoexec.bat',
  'C:evil',
  '\\\\server\\share\\x',
  'CON',
  'nul.txt',
  'COM1.tar.gz',
  'LPT¹',
  'trailing dots...',
  'trailing space ',
  '~/.ssh/authorized_keys',
  '.granary-1-1.part',
  '\u001b[2J\u001b]0;title\u0007',
  'a\r\nb',
  '\u202egnp.exe',
  '\u2066a\u2069',
  '\u200b',
  '\ufeff',
  'a\u0085b',
  'n'.repeat(1_000),
  `${'d/'.repeat(500)}x`,
  'ﬀ/ﬀ',
  'Case',
  'case',
  'caf\u00e9',
  'cafe\u0301',
  'a:b*c?d"e<f>g|h',
  '-rf',
  '$(reboot)',
  '`reboot`',
  '%s%n%x',
  '__proto__',
  'constructor',
];

/** Each name as a name, and as a path, of a file of its own; and twice the same, which must not overwrite each other. */
function filesOf(): { file: File; name: string; path: string | null }[] {
  return HOSTILE_NAMES.flatMap((name, i) =>
    [
      { name, path: null },
      { name: `name-${i}`, path: name },
    ].map((where) => ({ file: fileOf(randomBytes(10 + i)), ...where })),
  );
}

function serving(): Misdeed {
  const files = filesOf();
  const find = (contentId: Buffer) => files.find(({ file }) => file.contentId.equals(contentId))!.file;
  const answer = ({ request, fields }: Parameters<NonNullable<Misdeed['answer']>>[0]): Answer => {
    const contentId = fields.get(0) as Buffer;
    if (request.type === 502) return reply(request, hashList(contentId, find(contentId).hashes));
    return reply(request, chunkData(contentId, 0, find(contentId).bytes));
  };
  return {
    on: [500, 502],
    contents: files.map(({ file }) => file.contentId),
    answer,
    manifest: (share) =>
      share.manifest(
        files.map(({ file, name, path }) =>
          item(file, { name: b.text(name), path: path === null ? null : b.text(path) }),
        ),
      ),
  };
}

/** A publisher who signs them: all his files come, and none of them leaves the folder. */
export const names: readonly ProviderRow[] = [
  provider('names: traversal, devices, control characters, collisions', 'get', serving()),
];
