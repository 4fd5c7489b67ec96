import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeTagged } from '../../../src/protocol/objects/dht-value.ts';
import { signKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { signKeyRotation } from '../../../src/protocol/objects/key-rotation.ts';
import { key } from '../sync/world.ts';
import { Life, Place } from './world.ts';

let place: Place;
let life: Life;
beforeEach(async () => {
  place = await Place.make();
  life = await Life.start(place);
});
afterEach(async () => {
  await life.stop();
  await place.remove();
});

const revocation = (issuedAt: bigint, of = key(1)) =>
  encodeTagged(
    'key-revocation',
    signKeyRevocation(of, { subjectKind: 'sharepublisher', reason: 'retired', issuedAt }),
  );
const rotation = (rotationSeq: bigint) =>
  encodeTagged(
    'key-rotation',
    signKeyRotation(key(1), key(2), { subjectKind: 'sharepublisher', rotationSeq, issuedAt: 1n }),
  );

test('the earliest revocation and the latest rotation of a key are kept, over a restart', async () => {
  for (const record of [
    revocation(9n),
    rotation(4n),
    revocation(5n),
    revocation(7n),
    rotation(6n),
    rotation(5n),
  ]) {
    await life.ask('keepKeyRecord', { record });
  }
  await life.stop();
  life = await Life.start(place);
  const kept = await life.ask('keyRecords', null);
  expect(kept.map((octets) => Buffer.from(octets))).toEqual(
    [revocation(5n), rotation(6n)].map((o) => Buffer.from(o)),
  );
});

test('what is no record, or not signed by its key, is refused', async () => {
  const forged = revocation(5n).map((octet, index, all) => (index === all.length - 1 ? octet ^ 1 : octet));
  for (const record of [forged, Uint8Array.of(1, 2, 3), new Uint8Array(0)]) {
    await expect(life.ask('keepKeyRecord', { record })).rejects.toMatchObject({ code: 'E_USAGE' });
  }
  expect(await life.ask('keyRecords', null)).toEqual([]);
});
