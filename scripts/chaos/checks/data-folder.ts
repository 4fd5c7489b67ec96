import { must } from '../violation.ts';
import { filesBelow } from './files.ts';

const ID = '[0-9a-f]{64}';
/** Everything that may lie in the data folder of a running node. */
const KNOWN = [
  /^VERSION$/,
  /^(state|progress)\.db(-wal|-shm)?$/,
  /^lock\.(db|db-journal|pid)$/,
  /^state\.running$/,
  /^state\.db\.v\d+$/,
  /^keys\/(node\.crt|node\.plain)$/,
  new RegExp(`^keys/share-${ID}\\.plain$`),
  new RegExp(`^(manifests|hashes)/${ID}$`),
  new RegExp(`^segments/${ID}-\\d+\\.(idx|rows)$`),
  /^run\/(control\.(json|sock)|last-stop\.json)$/,
  /^backups\/granary-auto-[\dTZ-]+\.db$/,
];

/** Nothing lies in a data folder that no start would know what to do with. */
export async function noStrays(home: string): Promise<void> {
  const strays = (await filesBelow(home)).filter((path) => !KNOWN.some((known) => known.test(path)));
  must(strays.length === 0, `left in the data folder: ${strays.join(', ')}`);
}
