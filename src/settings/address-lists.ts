import type { z } from 'zod';
import { type AddressFault, type AddressResult, parseAddress } from '../protocol/addresses/address.ts';
import { parseListenAddress } from '../protocol/addresses/listen-address.ts';

type Check = (payload: z.core.ParsePayload<string[]>) => void;

const FAULTS: Readonly<Record<AddressFault, string>> = {
  'too-long': 'it is longer than any address is',
  transport: 'the part before :// is not known here',
  host: 'its host is no IP address',
  port: 'its port is not valid',
  'node-key': 'its node key is not valid',
};

/** `tcp://IP:PORT` or `quic://IP:PORT`; the system picks a free port for 0. */
export const listenAddresses: Check = each((text) => faultOf(parseListenAddress(text), { key: false }));

/** `tcp://IP:PORT` or `quic://IP:PORT` */
export const advertisedAddresses: Check = each((text) => faultOf(parseAddress(text), { key: false }));

/** What a link may carry: `tcp://IP:PORT` or `quic://IP:PORT`, with `@NODE_KEY` where the key is known. */
export const peerAddresses: Check = each((text) => faultOf(parseAddress(text), { key: true }));

const FAULTS_WITH_NAMES = { ...FAULTS, host: 'its host is neither a name nor an IP address' };

/** `tcp://HOST:PORT` or `quic://HOST:PORT`, a name or an IP address, with `@NODE_KEY` where the key is known. */
export const bootstrapAddresses: Check = each((text) =>
  faultOf(parseAddress(text, { hostNames: true }), { key: true }, FAULTS_WITH_NAMES),
);

function each(fault: (text: string) => string | null): Check {
  return ({ value, issues }) => {
    // What is no list of texts has been told already.
    for (const [index, text] of value.entries()) {
      const reason = typeof text === 'string' ? fault(text) : null;
      if (reason === null) continue;
      issues.push({
        code: 'custom',
        message: `${text} is no address: ${reason}`,
        input: text,
        path: [index],
      });
    }
  };
}

function faultOf(
  parsed: AddressResult,
  allowed: { key: boolean },
  faults: typeof FAULTS = FAULTS,
): string | null {
  if (!parsed.ok) return faults[parsed.reason];
  if (parsed.address.nodeKey !== null && !allowed.key) return 'it takes no key';
  return null;
}
