// Who sends a message: libzmq knows the key of a connection and tells nobody whose messages come over it. So a hello says the key, and
// proves it for this one session by the secret that only its holder and the server can make: Curve25519 of one's secret key and the
// other's public one, the same on both sides, as keys of CURVE are (RFC 26).
import { createHmac, createPrivateKey, createPublicKey, diffieHellman, timingSafeEqual } from 'node:crypto';
import type { KeyPair } from './keys.js';

/** Which key a session belongs to; both hexadecimal. */
export interface Proof {
  key: string;
  mac: string;
}

/** What stands before the 32 bytes of an X25519 key in DER (RFC 8410, section 7). */
const DER = { secret: '302e020100300506032b656e04220420', public: '302a300506032b656e032100' };

export const proofOf = (own: KeyPair, serverKey: string, session: string): Proof => ({
  key: own.publicKey,
  mac: macOf(own.secretKey, serverKey, session),
});

/** Whether the holder of `proof.key` made it, for that session. @param server the server's own pair */
export function isProven(proof: Proof, server: KeyPair, session: string): boolean {
  try {
    const expected = Buffer.from(macOf(server.secretKey, proof.key, session), 'hex');
    return timingSafeEqual(expected, Buffer.from(proof.mac, 'hex'));
  } catch {
    return false; // no point of the curve: a key that nobody can hold
  }
}

function macOf(secretKey: string, publicKey: string, session: string): string {
  const shared = diffieHellman({
    privateKey: createPrivateKey({ key: der(DER.secret, secretKey), format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: der(DER.public, publicKey), format: 'der', type: 'spki' }),
  });
  return createHmac('sha256', shared).update(`nash hello ${session}`).digest('hex');
}

const der = (prefix: string, key: string): Buffer => Buffer.from(prefix + key, 'hex');
