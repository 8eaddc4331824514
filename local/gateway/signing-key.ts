import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import { StartFault } from '../start-fault';

/** The local server's own key; Cognito signs with the same algorithm. */
export interface SigningKey {
  readonly algorithm: 'RS256';
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half for `/.well-known/jwks.json`. */
  readonly publicJwk: JWK;
}

const FILE = 'signing-key.pem';
const OWNER_ONLY = 0o600;

function readStored(folder: string): KeyObject | undefined {
  const file = join(folder, FILE);
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new StartFault(`${file} is not a key; delete it to get a new one.`, { cause });
  }
}

function generate(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

function loadOrStore(folder: string): KeyObject {
  const stored = readStored(folder);
  if (stored !== undefined) return stored;
  const made = generate();
  const pem = made.export({ type: 'pkcs8', format: 'pem' });
  // Renamed into place, so that a kill in between leaves no half key behind.
  const draft = join(folder, `${FILE}.${process.pid}`);
  writeFileSync(draft, pem, { mode: OWNER_ONLY });
  renameSync(draft, join(folder, FILE));
  return made;
}

/**
 * @param folder where the key is kept, so that tokens outlive a restart; undefined: a new key
 * @throws StartFault when the kept key is spoilt
 */
export async function openSigningKey(folder: string | undefined): Promise<SigningKey> {
  const privateKey = folder === undefined ? generate() : loadOrStore(folder);
  const publicKey = createPublicKey(privateKey);
  const jwk = await exportJWK(publicKey);
  const keyId = await calculateJwkThumbprint(jwk);
  return {
    algorithm: 'RS256',
    keyId,
    privateKey,
    publicKey,
    publicJwk: { ...jwk, kid: keyId, alg: 'RS256', use: 'sig' },
  };
}
