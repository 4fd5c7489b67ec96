import { expect, test } from 'vitest';
import { type CpuProfile, flameGraph, framesOf } from '../../scripts/flame-graph.ts';

const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0 });
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('serve<T>'), children: [4] },
    { id: 4, callFrame: frame('read') },
  ],
  samples: [2, 3, 4, 4, 2],
  timeDeltas: [1_000, 2_000, 3_000, 4_000, 90_000],
};

test('time stands under its callers, and idling is no work', () => {
  const root = framesOf(profile);
  const [serve] = root.children.values();
  expect([root.total, serve!.total, serve!.own, serve!.children.get('read')!.own]).toEqual([9, 9, 2, 7]);
  expect([...root.children.keys()]).toEqual(['serve<T>']);
});

test('every box is inside the picture, named and escaped', () => {
  const svg = flameGraph(framesOf(profile), 'transport');
  expect(svg).toContain('<title>serve&lt;T&gt;: 9 ms, 100.0 %</title>');
  expect(svg).not.toContain('$');
  const height = Number(/height="(\d+)"/.exec(svg)![1]);
  const rows = [...svg.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map((match) =>
    match.slice(1).map(Number),
  );
  expect(rows).toHaveLength(3);
  for (const [x, y, width] of rows) {
    expect(x! + width!).toBeLessThanOrEqual(1_200);
    expect(y!).toBeGreaterThanOrEqual(0);
    expect(y! + 16).toBeLessThanOrEqual(height);
  }
});
