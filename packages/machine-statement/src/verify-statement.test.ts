import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { machineIdOf, publicKeyText, readPublicKey } from './machine-id.ts';
import { signText } from './signed-text.ts';
import { signStatement, statementKind, type Statement } from './statement.ts';
import { StatementNotTrusted } from './statement-not-trusted.ts';
import { extendLineage, lineageTo, signSuccession, type KeyLineage } from './succession.ts';
import { verifyStatement } from './verify-statement.ts';

const newKey = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const [first, second, third, thief] = [newKey(), newKey(), newKey(), newKey()];
const idOf = (key: KeyObject): string => machineIdOf(Buffer.from(publicKeyText(key), 'base64'));
let vmId: string;
let alone: KeyLineage;
let twice: KeyLineage;

beforeAll(() => {
  vmId = idOf(first);
  alone = { firstKey: publicKeyText(first), successions: [] };
  const once = extendLineage(vmId, alone, publicKeyText(second), first);
  twice = extendLineage(vmId, once, publicKeyText(third), second);
});
function statement(change: Partial<Statement> = {}): Statement {
  return {
    vmId,
    resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/m',
    number: 7,
    time: '2026-11-28T04:00:00.000Z',
    agentConfiguration: {
      proxyUrl: '',
      incomingConnectionsPorts: [],
      extensionsAllowList: [{ publisher: 'Contoso', type: 'Backup' }],
      extensionsBlockList: [],
      proxyBypass: [],
      extensionsEnabled: 'true',
      guestConfigurationEnabled: 'true',
      configMode: 'full',
    },
    ...alone,
    ...change,
  };
}

/** The payload of a signed text changed, its signature left. */
function altered(text: string, change: (payload: Record<string, unknown>) => object): string {
  const [header, payload = '', signature] = text.split('.');
  const value = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  return [header, Buffer.from(JSON.stringify(change(value))).toString('base64url'), signature].join('.');
}

/** The header changed, signed anew by whoever has `sign`. */
function withHeader(header: object, sign: (signed: string) => string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(statement())}`;
  return `${signed}.${sign(signed)}`;
}

describe('T16 a machine signs which local controls are in force', () => {
  test('with its first key: the id alone proves it', () => {
    const verified = verifyStatement(signStatement(statement(), first), vmId.toUpperCase());
    expect(verified).toEqual({ statement: statement(), publicKey: publicKeyText(first) });
  });

  test('with its third key: each was named by the one before', () => {
    const wanted = statement(twice);
    expect(verifyStatement(signStatement(wanted, third), vmId)).toEqual({
      statement: wanted,
      publicKey: publicKeyText(third),
    });
  });

  const forged: readonly (readonly [string, () => string, RegExp])[] = [
    [
      'other controls under the old signature',
      () =>
        altered(signStatement(statement(), first), (payload) => ({
          ...payload,
          agentConfiguration: { ...statement().agentConfiguration, extensionsAllowList: [] },
        })),
      /signature is not of the key/,
    ],
    [
      'the key of somebody else, called the first',
      () => signStatement(statement({ firstKey: publicKeyText(thief) }), thief),
      /not the one that the id/,
    ],
    ['signed by somebody else', () => signStatement(statement(), thief), /signature is not of the key/],
    [
      'of another machine',
      () => signStatement(statement({ vmId: idOf(thief), firstKey: publicKeyText(thief) }), thief),
      /of the machine with id/,
    ],
    [
      'a succession that somebody else signed',
      () => signStatement(statement({ successions: [signSuccession(vmId, publicKeyText(thief), thief)] }), thief),
      /signature is not of the key/,
    ],
    [
      'a succession of another machine, signed by a key that both had',
      () =>
        signStatement(statement({ successions: [signSuccession(idOf(thief), publicKeyText(second), first)] }), second),
      /followed on another machine/,
    ],
    [
      'a succession left out',
      () => signStatement(statement({ ...twice, successions: twice.successions.slice(1) }), third),
      /signature is not of the key/,
    ],
    [
      'signed by a key that was followed by another, named in it',
      () => signStatement(statement(twice), second),
      /signature is not of the key/,
    ],
    [
      'a succession in the place of a statement',
      () => signSuccession(vmId, publicKeyText(second), first),
      /not a 'sallyport-machine-statement'/,
    ],
    [
      'without a signature, as the algorithm none',
      () => withHeader({ alg: 'none', typ: statementKind }, () => ''),
      /not a '.*' signed with RS256/,
    ],
    [
      'the public key used as a secret',
      () =>
        withHeader({ alg: 'HS256', typ: statementKind }, (signed) =>
          createHmac('sha256', publicKeyText(first)).update(signed).digest('base64url'),
        ),
      /not a '.*' signed with RS256/,
    ],
    ['a member left out', () => signText(statementKind, { ...statement(), time: undefined }, first), /not a statement/],
    ['a number of zero', () => signText(statementKind, statement({ number: 0 }), first), /not a statement/],
    ['a time that is none', () => signText(statementKind, statement({ time: 'yesterday' }), first), /not a statement/],
    ['a key that is too short', () => weak(), /2048 to 8192 bits/],
    [
      'a time with something behind it',
      () => signText(statementKind, statement({ time: '2026-11-28T04:00:00Z and for ever' }), first),
      /not a statement/,
    ],
    [
      'a time with something before it',
      () => signText(statementKind, statement({ time: 'not before 2026-11-28T04:00:00Z' }), first),
      /not a statement/,
    ],
    [
      'an id with something around it',
      () => signText(statementKind, statement({ vmId: `{${vmId}}` }), first),
      /not a statement/,
    ],
    [
      'an id with something before it',
      () => signText(statementKind, statement({ vmId: `x${vmId}` }), first),
      /not a statement/,
    ],
    [
      'an id with something behind it',
      () => signText(statementKind, statement({ vmId: `${vmId}\n` }), first),
      /not a statement/,
    ],
    ['a part too many', () => `${signStatement(statement(), first)}.a`, /three parts/],
    ['a part too few', () => signStatement(statement(), first).split('.').slice(0, 2).join('.'), /three parts/],
    ['another alphabet', () => `+${signStatement(statement(), first)}`, /three parts/],
    [
      'a header that is no object',
      () => `bnVsbA.${signStatement(statement(), first).split('.').slice(1).join('.')}`,
      /not a '.*' signed/,
    ],
    [
      'something else, signed as a succession',
      () =>
        signStatement(
          statement({ successions: [signText('sallyport-machine-key-succession', { vmId }, first)] }),
          first,
        ),
      /Its key 2 is not told as it should be/,
    ],
    [
      'something else, signed, in the place of a succession',
      () => signStatement(statement({ successions: [signStatement(statement(), first)] }), first),
      /not a 'sallyport-machine-key-succession'/,
    ],
    ['nonsense', () => 'nonsense', /three parts/],
    ['nonsense with dots', () => 'a.b.c', /header is not JSON/],
    ['nothing', () => '', /three parts/],
    ['with a line end behind it', () => `${signStatement(statement(), first)}\n`, /three parts/],
  ];

  test.each(forged)('%s is refused', (_, forge, sentence) => {
    const refused = refusalOf(forge(), vmId);
    expect(refused).toBeInstanceOf(StatementNotTrusted);
    expect(refused).toMatchObject({ name: 'StatementNotTrusted', code: 'StatementNotTrusted' });
    expect(refused?.message).toMatch(sentence);
  });

  function weak(): string {
    const key = newKey(1024);
    return signStatement(statement({ successions: [signSuccession(vmId, publicKeyText(key), first)] }), key);
  }
});

function refusalOf(text: string, id: string): Error | undefined {
  try {
    verifyStatement(text, id);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

test('T73 the id is a GUID of version 8 of the SHA-256 of the key', () => {
  // SHA-256 of "abc" (FIPS 180-4): ba7816bf 8f01cfea 414140de 5dae2223 …
  expect(machineIdOf(Buffer.from('abc'))).toBe('ba7816bf-8f01-8fea-8141-40de5dae2223');
});

test('a time without fractions of a second is one', () => {
  const wanted = statement({ time: '2026-11-28T04:00:00Z' });
  expect(verifyStatement(signStatement(wanted, first), vmId).statement).toEqual(wanted);
});

test.each([
  [2047, false],
  [2048, true],
  [8192, true],
  [8193, false],
])('T30 a key of %i bits is taken: %s', (bits, taken) => {
  const key = publicKeyText(keyOfBits(bits));
  if (taken) expect(publicKeyText(readPublicKey(key))).toBe(key);
  else expect(() => readPublicKey(key)).toThrow(`The key has ${bits} bits; a machine's RSA key has 2048 to 8192.`);
});

/** A public key whose modulus is any odd number of so many bits: nobody signs with it. */
function keyOfBits(bits: number): KeyObject {
  const modulus = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  modulus.writeUInt8(0xff >> ((8 - (bits % 8)) % 8), 0);
  return createPublicKey({ key: { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' }, format: 'jwk' });
}

describe('T75 the keys of a machine in a line', () => {
  test('one that was begun and not used is left out when another follows', () => {
    const begun = extendLineage(vmId, alone, publicKeyText(thief), first);
    const used = extendLineage(vmId, begun, publicKeyText(second), first);
    expect(verifyStatement(signStatement(statement(used), second), vmId).publicKey).toBe(publicKeyText(second));
  });

  test('extending it twice by the same key changes nothing', () => {
    expect(extendLineage(vmId, twice, publicKeyText(third), second)).toEqual(twice);
  });

  test('leads to each of its keys, and to no other', () => {
    for (const [at, key] of [first, second, third].entries())
      expect(lineageTo(publicKeyText(key), twice)).toEqual({
        ...twice,
        successions: twice.successions.slice(0, at),
      });
    expect(lineageTo(publicKeyText(thief), twice)).toBeUndefined();
    expect(() => extendLineage(vmId, twice, publicKeyText(thief), thief)).toThrow(/does not lead to the key/);
  });
});
