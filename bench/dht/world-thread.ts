import { parentPort, workerData } from 'node:worker_threads';
import { loadBehaviours } from '../../src/simulator/granary-nodes.ts';
import { type WorldSize, worldFigures } from './world-figures.ts';

// One world in a thread of its own: see `inRoomyThread`.
const size = workerData as WorldSize;
const joined = (nodes: number) => parentPort!.postMessage({ joined: nodes });
parentPort!.postMessage({
  figures: await worldFigures({ ...size, joined, behaviours: await loadBehaviours() }),
});
