import { rendezvousKey } from '../../src/protocol/objects/dht-keys.ts';
import { compareDistance, distance } from '../../src/protocol/objects/ids.ts';
import { rendezvousSlots } from '../../src/protocol/objects/rendezvous.ts';
import { asBigInt, asList, asObject, asOctets, asText, MalformedVectors, toHex } from '../json.ts';
import type { Suite } from '../suite.ts';

/** Nearness in the DHT. */
export const xorOrder: Suite = {
  name: 'xor order',
  sections: ['generated.xor_order'],
  run(section, value, report) {
    const entry = asObject(value, section);
    const target = asOctets(entry.target_hex, 'target_hex');
    const given = asList(entry.given_hex, 'given_hex').map((id) => asOctets(id, 'given_hex'));
    const sorted = given.toSorted((a, b) => compareDistance(target, a, b));
    const expected = asList(entry.nearest_first_hex, 'nearest_first_hex');
    report.equal('nearest first', expected.join(), sorted.map(toHex).join());
    // The distances stand in the order of one of the two lists.
    const distances = asList(entry.distances_hex, 'distances_hex').join();
    const inGivenOrder = given.map((id) => toHex(distance(target, id))).join();
    const inSortedOrder = sorted.map((id) => toHex(distance(target, id))).join();
    report.equal('distances', distances, distances === inGivenOrder ? inGivenOrder : inSortedOrder);
  },
};

/** Where relays meet those who look for one. */
export const rendezvous: Suite = {
  name: 'rendezvous',
  sections: ['generated.rendezvous'],
  run(section, value, report) {
    const entry = asObject(value, section);
    const relay = asOctets(entry.relay_pubkey_hex, 'relay_pubkey_hex');
    for (const [bucket, slots] of Object.entries(asObject(entry.index, 'index'))) {
      const own = rendezvousSlots(relay, BigInt(bucket));
      const expected = asList(slots, 'slots').map((slot) => String(asBigInt(slot, 'slot')));
      report.equal(`slots of bucket ${bucket}`, expected.join(), own.join());
    }
    for (const [name, hex] of Object.entries(asObject(entry.key, 'key'))) {
      const numbers = /^bucket (\d+) slot (\d+)$/.exec(name);
      if (numbers === null) throw new MalformedVectors(`key: ${name}`);
      const key = rendezvousKey(BigInt(numbers[1]!), BigInt(numbers[2]!));
      report.equal(name, asText(hex, name), toHex(key));
    }
  },
};
