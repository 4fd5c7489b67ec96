import { expect, test } from 'vitest';
import { FetchCrew } from '../../../src/actors/transfer/fetch-crew.ts';

const never = new AbortController().signal;

test('it is over when nobody has anything to do, not before', async () => {
  const crew = new FetchCrew();
  const [a, b] = [{}, {}];
  crew.join(a);
  crew.join(b);
  const waiting = crew.wait(a, true, never);
  expect(crew.over).toBe(false);
  // It waits, but has something under way.
  void crew.wait(b, false, never);
  expect(crew.over).toBe(false);
  crew.changed();
  await waiting;
  // After a change everybody has to say again that there is nothing for him.
  void crew.wait(b, true, never);
  expect(crew.over).toBe(false);
  void crew.wait(a, true, never);
  expect(crew.over).toBe(true);
  expect(crew.ended.aborted).toBe(true);
});

test('whoever rests does not keep it going, whatever changes; whoever leaves does not either', async () => {
  const crew = new FetchCrew();
  const [a, b, c] = [{}, {}, {}];
  for (const member of [a, b, c]) crew.join(member);
  crew.rest(a);
  crew.changed();
  void crew.wait(b, true, never);
  expect(crew.over).toBe(false);
  crew.back(a);
  crew.leave(c);
  expect(crew.over).toBe(false);
  crew.rest(a);
  expect(crew.over).toBe(true);
});

test('nobody takes part: it is over', () => {
  const crew = new FetchCrew();
  const starter = {};
  crew.join(starter);
  crew.leave(starter);
  expect(crew.over).toBe(true);
});

test('an abort ends a wait', async () => {
  const crew = new FetchCrew();
  const [a, b] = [{}, {}];
  crew.join(a);
  crew.join(b);
  const abort = new AbortController();
  const waiting = crew.wait(a, true, abort.signal);
  abort.abort();
  await waiting;
  expect(crew.over).toBe(false);
});
