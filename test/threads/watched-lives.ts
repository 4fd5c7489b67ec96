import type { Life } from '../../src/supervisor/tree/placement.ts';
import { workerPlacement } from '../../src/supervisor/tree/worker-placement.ts';

/** The memory of an actor's counters is the one thing that all its lives share. */
type Place = SharedArrayBuffer;

const newest = new Map<Place, { readonly id: string; readonly life: Life }>();
const spawn = workerPlacement.spawn.bind(workerPlacement);
workerPlacement.spawn = (birth, limits, events) => {
  const life = spawn(birth, limits, events);
  newest.set(birth.metrics, { id: birth.id, life });
  return life;
};

/** Cuts actors of one node of this process: what the operating system could do to their threads, and no product offers. */
export interface Axe {
  /** Ends the thread of the actor in the midst of whatever it does. */
  cut(actor: string): void;
  /** Ids of its actors. */
  readonly actors: readonly string[];
}

/** Runs `start`, which starts one tree of actors, and returns the axe to it. One start at a time. */
export async function withAxe<T>(start: () => Promise<T>): Promise<{ started: T; axe: Axe }> {
  const before = new Set(newest.keys());
  const started = await start();
  const places = new Map(
    [...newest].flatMap(([place, { id }]) => (before.has(place) ? [] : [[id, place] as const])),
  );
  const cut = (actor: string) => {
    const place = places.get(actor);
    if (place === undefined) throw new Error(`no actor ${actor}`);
    newest.get(place)!.life.terminate();
  };
  return { started, axe: { cut, actors: [...places.keys()] } };
}
