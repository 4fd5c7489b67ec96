import * as types from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import type { Check, CheckSuite } from '../check.ts';
import { must } from '../verdict.ts';

const SECTION = 'wire 11';

const atMost = (maxPeers: number, most: number): Check => ({
  name: `101 for ${maxPeers} peers is answered with at most ${most}`,
  section: SECTION,
  async run(target) {
    const session = await target.session();
    const { peers } = await session.ask(types.PEX_REQUEST, { maxPeers });
    must(peers.length <= most, `at most ${most}`, `${peers.length}`);
  },
});

export const pex: CheckSuite = {
  name: 'peer exchange',
  checks: [
    atMost(0, 0),
    atMost(5, 5),
    atMost(255, 64),
    {
      name: '100 is acknowledged with no octet',
      section: SECTION,
      async run(target) {
        await (await target.session()).ask(types.PEX_OFFER, { peers: [] });
      },
    },
    {
      name: '100 with an address that nobody can dial is taken or refused, and ends nothing',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const ip = Uint8Array.of(0, 0, 0, 0);
        const peer = { ip, port: 0, transport: 'tcp', pubkeyHint: null, relayVia: null } as const;
        await session.exchange(types.PEX_OFFER, encodeRequest(types.PEX_OFFER, { peers: [peer] }));
        await session.stillServes();
      },
    },
  ],
};
