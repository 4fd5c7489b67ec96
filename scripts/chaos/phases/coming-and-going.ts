import { noStrays } from '../checks/data-folder.ts';
import type { Phase } from '../strike.ts';

const START_MS = 1_500;
const STOP_MS = 250;

/** A start dies on the way, after a kill. */
export const start: Phase = {
  name: 'start',
  async run(scene) {
    const { ground, random } = scene;
    const victim = random.pick([ground.seeder, ground.downloader]);
    await victim.kill();
    const life = victim.begin();
    scene.begins(victim, 'any');
    await scene.strike(victim, random.between(0, START_MS), life.ready);
    await scene.revive(victim);
    await noStrays(victim.home);
  },
};

/** A stop in order is cut off. */
export const stop: Phase = {
  name: 'stop',
  async run(scene) {
    const { ground, random } = scene;
    const victim = random.pick([ground.seeder, ground.downloader]);
    scene.begins(victim, 'any');
    const gone = victim.life!.gone();
    victim.life!.askToStop();
    await scene.strike(victim, random.between(0, STOP_MS), gone);
    await scene.revive(victim);
    await noStrays(victim.home);
  },
};
