import { until } from '../wait.ts';
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

/** A running node may be writing a segment, which has another name until it is whole. */
const UNDER_WAY_MS = 10_000;

/** Nothing stays in a data folder that no start would know what to do with. */
export async function noStrays(home: string, underWayMs = UNDER_WAY_MS): Promise<void> {
  let strays: readonly string[] = [];
  await until(
    () => `an end of what is left in the data folder: ${strays.join(', ')}`,
    underWayMs,
    async () => {
      strays = (await filesBelow(home)).filter((path) => !KNOWN.some((known) => known.test(path)));
      return strays.length === 0 ? true : null;
    },
  );
}
