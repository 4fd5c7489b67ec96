import { parseArgs } from 'node:util';
import { quicKills } from './quic-kills.ts';

// The QUIC processes of two nodes, killed under load: `npm run chaos:quic -- --kills 100 --seed 1`. Exit code 1 when a
// transfer or a request was lost.
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    mib: { type: 'string', default: '64' },
  },
});
const report = await quicKills({
  kills: Number(values.kills),
  seed: Number(values.seed),
  bytes: Number(values.mib) * 2 ** 20,
  onKill: (kill) => kill % 10 === 0 && console.log(`${kill} kills`),
});
console.log(JSON.stringify(report, null, 2));
process.exit(report.failed.length + report.lost.length === 0 ? 0 : 1);
