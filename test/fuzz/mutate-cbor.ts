import type { Random } from '../../src/supervisor/testing/random.ts';
import * as b from '../hostile/bytes.ts';

/** An item as its head and what is in it; strings and numbers have no parts. */
interface Node {
  head: Uint8Array;
  major: number;
  content: Uint8Array;
  parts: Node[];
}

const TOO_DEEP = 64;

/** The first item of the octets as a tree, and what comes behind it; null when it is not plain enough for that. */
function parse(input: Uint8Array): { tree: Node; rest: Uint8Array } | null {
  let at = 0;
  const item = (depth: number): Node | null => {
    if (at >= input.length || depth > TOO_DEEP) return null;
    const from = at;
    const first = input[at++]!;
    const [major, info] = [first >> 5, first & 31];
    let value = info;
    if (info >= 24) {
      if (info > 27) return null;
      const width = 1 << (info - 24);
      if (at + width > input.length) return null;
      value = 0;
      for (let i = 0; i < width; i++) value = value * 256 + input[at++]!;
    }
    const node: Node = { head: input.subarray(from, at), major, content: new Uint8Array(), parts: [] };
    if (major === 2 || major === 3) {
      if (value > input.length - at) return null;
      node.content = input.subarray(at, at + value);
      at += value;
    }
    const count = major === 4 ? value : major === 5 ? value * 2 : major === 6 ? 1 : 0;
    if (count > input.length) return null;
    for (let i = 0; i < count; i++) {
      const part = item(depth + 1);
      if (part === null) return null;
      node.parts.push(part);
    }
    return node;
  };
  const tree = item(0);
  return tree && { tree, rest: input.subarray(at) };
}

const write = (node: Node): Uint8Array => b.join(node.head, node.content, ...node.parts.map(write));

function all(node: Node, into: Node[] = []): Node[] {
  into.push(node);
  for (const part of node.parts) all(part, into);
  return into;
}

const leaf = (octets: Uint8Array): Node => ({ head: octets, major: 7, content: new Uint8Array(), parts: [] });
const SURPRISES: readonly Uint8Array[] = [
  b.uint(0),
  b.uint(2 ** 32),
  b.uint(2n ** 53n),
  b.uint(b.U64_MAX),
  b.longHead(0, 5, 8),
  b.negative(0),
  b.negative(b.U64_MAX),
  b.NAN_64,
  b.ONE_AND_A_HALF,
  b.NULL,
  b.UNDEFINED,
  b.TRUE,
  b.text(''),
  b.text('\u202e\u0000'),
  b.hex('62c328'),
  b.bytes(new Uint8Array(32)),
  b.bytes(new Uint8Array(64)),
  b.ints(new Uint8Array(32)),
  b.array(),
  b.map(),
  b.tag(2, b.bytes(b.raw(1, 0))),
  b.longHead(4, 2 ** 32 - 1, 4),
  b.longHead(5, b.U64_MAX, 8),
  b.longHead(2, 2n ** 63n, 8),
  b.BREAK,
];

/** One change that leaves well-formed what it does not touch. Null: there is no tree to change. */
export function mutateCbor(random: Random, input: Uint8Array): Uint8Array | null {
  const parsed = parse(input);
  if (parsed === null) return null;
  const { tree, rest } = parsed;
  const nodes = all(tree);
  const node = random.pick(nodes);
  change(random, node, nodes);
  return new Uint8Array(b.join(write(tree), random.chance(0.1) ? b.raw(0, 0xff) : rest));
}

function change(random: Random, node: Node, nodes: readonly Node[]): void {
  const count = () => {
    node.head = b.head(node.major, node.major === 5 ? node.parts.length >> 1 : node.parts.length);
  };
  const step = node.major === 5 ? 2 : 1;
  const place = () => random.integer(0, Math.max(0, node.parts.length / step - 1)) * step;
  const container = node.major === 4 || node.major === 5;
  switch (random.integer(0, container ? 9 : 4)) {
    case 0:
      return replace(node, leaf(random.pick(SURPRISES)));
    case 1:
      return replace(node, structuredClone(random.pick(nodes)));
    case 2:
      return replace(
        node,
        leaf(
          b.join(
            new Uint8Array(2 ** random.integer(0, 10)).fill(random.pick([0x81, 0xc1, 0xa1, 0x9f, 0x5f])),
            write(node),
          ),
        ),
      );
    case 3:
      node.head = random.pick([
        b.longHead(node.major, 2 ** 31, 4),
        b.head(node.major, random.integer(0, 300)),
        b.raw((node.major << 5) | 31),
      ]);
      return;
    case 4:
      if (node.major === 2)
        return replace(
          node,
          leaf(
            random.chance(0.5) ? b.ints(node.content) : b.join(b.raw(0x5f), b.bytes(node.content), b.BREAK),
          ),
        );
      if (node.major === 4)
        return replace(node, leaf(b.bytes(Uint8Array.from(node.parts, (part) => part.head[0]!))));
      return replace(node, leaf(b.tag(random.pick([0, 2, 24, 55_799]), write(node))));
    case 5:
      node.parts.splice(place(), step);
      return count();
    case 6: {
      const from = place();
      node.parts.splice(place(), 0, ...node.parts.slice(from, from + step));
      return count();
    }
    case 7:
      node.parts.reverse();
      if (node.major === 5)
        for (let i = 0; i + 1 < node.parts.length; i += 2)
          node.parts.splice(i, 2, node.parts[i + 1]!, node.parts[i]!);
      return;
    case 8: {
      const times = 2 ** random.integer(0, 8);
      const from = place();
      const slice = node.parts.slice(from, from + step);
      node.parts.push(...Array.from({ length: times }, () => slice).flat());
      return count();
    }
    default:
      node.head = b.raw((node.major << 5) | 31);
      node.parts.push(leaf(b.BREAK));
  }
}

function replace(node: Node, by: Node): void {
  Object.assign(node, by);
}
