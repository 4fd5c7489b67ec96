/** What V8's sampling profiler writes. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** A function under its callers; times in milliseconds. */
export interface Frame {
  readonly name: string;
  own: number;
  total: number;
  readonly children: Map<string, Frame>;
}

const WIDTH = 1_200;
const ROW = 17;
/** Narrower boxes are not drawn. */
const NARROWEST = 0.5;

/** The tree of a profile, the time in which the thread had nothing to do left out. */
export function framesOf({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const own = new Map<number, number>();
  for (const [at, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + timeDeltas[at]! / 1_000);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const fill = (frame: Frame, id: number): number => {
    const node = byId.get(id)!;
    frame.own += own.get(id) ?? 0;
    let total = own.get(id) ?? 0;
    for (const child of node.children ?? []) {
      const { functionName, url, lineNumber } = byId.get(child)!.callFrame;
      if (functionName === '(idle)') continue;
      const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
      const name = `${functionName || '(anonymous)'}${place}`;
      const into = frame.children.get(name) ?? { name, own: 0, total: 0, children: new Map() };
      frame.children.set(name, into);
      total += fill(into, child);
    }
    frame.total += total;
    return total;
  };
  const root: Frame = { name: 'all', own: 0, total: 0, children: new Map() };
  fill(root, nodes[0]!.id);
  return root;
}

/** The tree as an SVG that any browser shows: callers below, widths are time, a title at each box. */
export function flameGraph(root: Frame, title: string): string {
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, x: number, depth: number) => {
    const width = (frame.total / root.total) * WIDTH;
    if (width < NARROWEST) return;
    deepest = Math.max(deepest, depth);
    const percent = ((100 * frame.total) / root.total).toFixed(1);
    const label = width > 40 ? escaped(frame.name.slice(0, Math.floor(width / 7))) : '';
    boxes.push(
      `<g><title>${escaped(frame.name)}: ${frame.total.toFixed(0)} ms, ${percent} %</title>` +
        `<rect x="${x.toFixed(1)}" y="$${depth}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colour(frame.name)}"/>` +
        `<text x="${(x + 2).toFixed(1)}" y="$${depth}t">${label}</text></g>`,
    );
    let left = x;
    for (const child of [...frame.children.values()].sort((a, b) => b.total - a.total)) {
      draw(child, left, depth + 1);
      left += (child.total / root.total) * WIDTH;
    }
  };
  draw(root, 0, 0);
  const height = (deepest + 2) * ROW;
  // The rows are known only now: the first stands at the bottom.
  const placed = boxes
    .join('\n')
    .replace(/\$(\d+)(t?)/g, (_, depth: string, text: string) =>
      String(height - (Number(depth) + 1) * ROW + (text ? 12 : 0)),
    );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="monospace" font-size="11">
<text x="4" y="12">${escaped(title)}: ${root.total.toFixed(0)} ms</text>
${placed}
</svg>
`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The same function has the same colour everywhere. */
function colour(name: string): string {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 360;
  return `hsl(${20 + (hash % 40)} 80% ${60 + (hash % 20)}%)`;
}
