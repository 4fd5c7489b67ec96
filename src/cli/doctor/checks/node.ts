import { VERSION } from '../../../version.ts';
import { readLastStop } from '../../last-stop.ts';
import { countOf, rateText, secondsText } from '../../units.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';

const NAME = 'node';

/** Whether a node runs, and how the last one ended. */
export async function node({ home, node }: Facts): Promise<Check> {
  switch (node.state) {
    case 'running': {
      const { version, pid } = node.stats.node;
      const running = `granary ${version} runs as pid ${pid} for ${secondsText(node.stats.uptime)}`;
      if (version === VERSION) return ok(NAME, running);
      return warn(NAME, `${running}; ${VERSION} is installed`, 'granary stop, and granary up again');
    }
    case 'silent':
      return fail(
        NAME,
        `a node runs and does not answer: ${node.error.message}`,
        node.error.next ?? 'look into its log',
      );
    case 'killed':
      return warn(
        NAME,
        'no node runs; the last one was killed or lost its machine',
        'nothing is lost: granary up checks the data folder',
      );
    case 'none': {
      const last = await readLastStop(home);
      if (last === null) return ok(NAME, 'no node runs');
      if (last.clean) return ok(NAME, 'no node runs; the last one stopped in order');
      return warn(
        NAME,
        `no node runs; when the last one stopped, these had to be cut: ${last.cut.join(', ')}`,
        'nothing is lost: granary up checks the data folder',
      );
    }
  }
}

/** What the running node says of its parts. */
export function actors({ node }: Facts): Check[] {
  if (node.state !== 'running') return [];
  const { actors: all, sessions, rates } = node.stats;
  const down = all.filter(({ state }) => state !== 'up');
  const restarted = all.filter(({ restarts }) => restarts > 0);
  const names = (list: typeof all) => list.map(({ name }) => name).join(', ');
  const parts =
    down.length > 0
      ? fail('actors', `not up: ${names(down)}`, 'the log says why; wait for their restart, or granary stop')
      : restarted.length > 0
        ? warn(
            'actors',
            `${countOf(all.length, 'actor')} up; restarted since the start: ${restarted
              .map(({ name, restarts }) => `${name} (${restarts})`)
              .join(', ')}`,
            'the log holds what they died of: please report it',
          )
        : ok('actors', `${countOf(all.length, 'actor')} up, none was restarted`);
  const traffic = `${rateText(rates.up)} up, ${rateText(rates.down)} down`;
  return [parts, ok('sessions', `${countOf(sessions, 'session')} with peers, ${traffic}`)];
}
