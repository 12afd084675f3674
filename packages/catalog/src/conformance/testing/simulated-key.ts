/** For tests: keys of every type that TUF names, made and named by nothing but `node:crypto`. */
import { constants, createHash, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa';

export interface SimulatedKey {
  readonly keyid: string;
  /** As metadata carries it; tests may change it. */
  readonly key: Record<string, unknown>;
  sign(bytes: Uint8Array): string;
}

interface Making {
  readonly make: () => { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly scheme: string;
  readonly sign: (bytes: Uint8Array, key: KeyObject) => Buffer;
}

const kinds: { readonly [kind in KeyKind]: Making } = {
  ed25519: {
    make: () => generateKeyPairSync('ed25519'),
    scheme: 'ed25519',
    sign: (bytes, key) => signBytes(null, bytes, key),
  },
  ecdsa: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    scheme: 'ecdsa-sha2-nistp256',
    sign: (bytes, key) => signBytes('sha256', bytes, key),
  },
  rsa: {
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    scheme: 'rsassa-pss-sha256',
    sign: (bytes, key) => signBytes('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  },
};

/** A new key. */
export function simulatedKey(kind: KeyKind = 'ed25519'): SimulatedKey {
  const { make, scheme, sign } = kinds[kind];
  const { publicKey, privateKey } = make();
  const shown =
    kind === 'ed25519'
      ? publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
      : publicKey.export({ format: 'pem', type: 'spki' });
  const key = { keytype: kind, scheme, keyval: { public: shown } };
  const keyid = createHash('sha256').update(canonicalize(key)).digest('hex');
  return { keyid, key, sign: (bytes) => sign(bytes, privateKey).toString('hex') };
}
