import { identityOf } from '../../src/simulator/identity.ts';
import { SimulatedNetwork } from '../../src/simulator/network.ts';
import { ECHO, echo, echoContract } from './echo.ts';

// A network of a hundred nodes with one actor of ours each. A program outside of this repository imports from
// 'granary/simulator' and 'granary/supervisor'.
const seed = Number(process.argv[2] ?? 1);
const network = new SimulatedNetwork({ seed, links: { farMs: 150, loss: 0.01 } });
for (let index = 0; index < 100; index++) {
  const identity = identityOf(seed, index, { reachable: index % 4 !== 3 });
  const node = network.add({
    identity,
    actors: () => ({ echo: { module: echo } }),
    owners: new Map([[ECHO, 'echo']]),
  });
  await network.until(node.start(), 1_000);
}

const [asker, ...others] = network.nodes;
const times: number[] = [];
const failures: Record<string, number> = {};
for (const { identity } of others) {
  const asked = asker!.ref(echoContract).ask('time', { address: identity.address });
  try {
    times.push(await network.until(asked, 20_000));
  } catch (error) {
    const { code } = error as { code: string };
    failures[code] = (failures[code] ?? 0) + 1;
  }
}
times.sort((a, b) => a - b);
console.log(
  `${times.length} of ${others.length} answered, ${times[times.length >> 1]!.toFixed(0)} ms median`,
);
console.log(failures, `${(network.now() / 1000).toFixed(0)} s of the network`);
console.log(`digest ${network.trace.digest}`);
