// Who somebody is: RFC 7748's own example as the oracle of the secret that two keys share, and what a server makes of proofs.
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Admission, OWN } from '../../../src/transport/admission.js';
import { KeyFolder, makePair } from '../../../src/transport/keys.js';
import { PrivateFolder } from '../../../src/transport/private-folder.js';
import { isProven, proofOf } from '../../../src/transport/proof.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-admission-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SESSION = '0123456789abcdef';
const proofBy = (pair: ReturnType<typeof makePair>, serverKey: string, session = SESSION) => ({
  proof: proofOf(pair, serverKey, session),
  host: 'here',
});

const ALICE = {
  secretKey: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  publicKey: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
};
const BOB = {
  secretKey: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  publicKey: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
};
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';

it('a proof is made of the secret that two keys share (RFC 7748, section 6.1)', () => {
  const { mac } = proofOf(ALICE, BOB.publicKey, SESSION);
  const expected = createHmac('sha256', Buffer.from(SHARED, 'hex')).update(`nash hello ${SESSION}`);
  expect(mac).toBe(expected.digest('hex'));
  expect(isProven({ key: ALICE.publicKey, mac }, BOB, SESSION)).toBe(true);
});

describe('a server', () => {
  const friend = makePair();
  const configured = {
    pair: makePair(),
    nameOf: (key: string) => (key === friend.publicKey ? 'friend' : undefined),
  };
  const own = (admission: Admission, name: string) => {
    const inner = PrivateFolder.make(join(folder, name));
    admission.leaveIn(inner);
    return new KeyFolder(inner.path).workerKeys();
  };

  it('knows its own user by the key of the run, which he alone can read, and others by theirs', () => {
    const admission = new Admission(configured);
    const { pair, serverKey } = own(admission, 'known');
    expect(statSync(join(folder, 'known', 'worker.key')).mode & 0o777).toBe(0o600);
    expect(serverKey).toBe(configured.pair.publicKey);
    expect(admission.identify(SESSION, proofBy(pair, serverKey))).toBe(OWN);
    expect(admission.identify(SESSION, proofBy(friend, serverKey))).toBe(`key ${friend.publicKey}`);
    expect([pair.publicKey, friend.publicKey].map((key) => admission.nameOf(key))).toEqual([OWN, 'friend']);
  });

  it('knows nobody by a key that it was not given, by another session’s proof, or without any', () => {
    const admission = new Admission(configured);
    const { pair, serverKey } = own(admission, 'unknown');
    const stranger = makePair();
    const { proof } = proofBy(pair, serverKey);
    for (const hello of [
      proofBy(stranger, serverKey),
      proofBy(pair, serverKey, 'fedcba9876543210'),
      proofBy(pair, stranger.publicKey),
      { proof: { ...proof, key: friend.publicKey }, host: 'here' },
      { proof: { key: '0'.repeat(64), mac: '0'.repeat(64) }, host: 'here' }, // no secret can be shared with it
      { host: 'here' },
    ])
      expect(admission.identify(SESSION, hello)).toBeUndefined();
    expect(admission.nameOf(stranger.publicKey)).toBeUndefined();
  });

  it('that comes after one that was killed is known by the same keys, unless they are damaged', () => {
    const { pair, serverKey } = own(new Admission(undefined), 'kept');
    const next = new Admission(undefined);
    expect(own(next, 'kept')).toEqual({ pair, serverKey });
    expect(next.identify(SESSION, proofBy(pair, serverKey))).toBe(OWN);
    for (const key of ['server.key', 'worker.key']) writeFileSync(join(folder, 'kept', key), 'torn');
    const third = new Admission(undefined);
    const fresh = own(third, 'kept');
    expect([fresh.serverKey === serverKey, fresh.pair.publicKey === pair.publicKey]).toEqual([false, false]);
    expect(third.identify(SESSION, proofBy(fresh.pair, fresh.serverKey))).toBe(OWN);
  });

  it('makes another key for each run, and takes hosts at their word in a trusted network only', () => {
    const [one, two] = [new Admission(undefined), new Admission(undefined, true)];
    const { pair, serverKey } = own(one, 'one');
    expect(two.identify(SESSION, proofBy(pair, serverKey))).toBeUndefined();
    expect(two.identify(SESSION, { host: 'there' })).toBe('host there');
    expect(one.identify(SESSION, { host: 'there' })).toBeUndefined();
  });
});
