import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/supervisor/contract/clock.ts';
import { ask, configOf, defineContract, stream } from '../../src/supervisor/contract/contract.ts';
import { FRAME } from '../../src/supervisor/link/frame.ts';
import { portLink } from '../../src/supervisor/link/port-link.ts';
import { Caller } from '../../src/supervisor/runtime/caller.ts';
import { Deadlines } from '../../src/supervisor/runtime/deadlines.ts';

const contract = defineContract({
  name: 'oracle',
  config: configOf<Record<never, never>>(),
  messages: { question: ask<null, string>(), riddles: stream<null, string>() },
});

test('what an actor answered before it died counts, also when the news of its death is faster', async () => {
  const deadlines = new Deadlines(systemClock);
  const caller = new Caller(contract, deadlines);
  const { port1, port2 } = new MessageChannel();
  caller.bind(portLink(port1), 1, { credit: 8 });
  const answered = caller.ask('question', null);
  const unanswered = caller.ask('question', null);
  const riddles = caller.stream('riddles', null);
  const first = riddles.next();
  // Both lie in the port when the news comes: this thread has not looked.
  port2.postMessage([[FRAME.reply, 1, 'yes']]);
  port2.postMessage([
    [FRAME.items, 3, ['what?']],
    [FRAME.end, 3, null],
  ]);
  caller.down();
  expect(await answered).toBe('yes');
  await expect(unanswered).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
  expect(await first).toEqual({ done: false, value: 'what?' });
  expect(await riddles.next()).toEqual({ done: true, value: undefined });
  deadlines.close();
  port2.close();
});
