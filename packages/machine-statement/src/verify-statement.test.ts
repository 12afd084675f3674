import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, describe, test } from 'vitest';
import { machineIdOf, publicKeyText } from './machine-id.ts';
import { signText } from './signed-text.ts';
import { signStatement, statementKind, type Statement } from './statement.ts';
import { StatementNotTrusted } from './statement-not-trusted.ts';
import { extendLineage, lineageTo, signSuccession, type KeyLineage } from './succession.ts';
import { verifyStatement } from './verify-statement.ts';

const newKey = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const [first, second, third, thief] = [newKey(), newKey(), newKey(), newKey()];
const idOf = (key: KeyObject): string => machineIdOf(Buffer.from(publicKeyText(key), 'base64'));
const vmId = idOf(first);
const alone: KeyLineage = { firstKey: publicKeyText(first), successions: [] };
const twice = extendLineage(
  vmId,
  extendLineage(vmId, alone, publicKeyText(second), first),
  publicKeyText(third),
  second,
);

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
    ['nonsense', () => 'nonsense', /three parts/],
    ['nonsense with dots', () => 'a.b.c', /header is not JSON/],
    ['nothing', () => '', /three parts/],
    ['with a line end behind it', () => `${signStatement(statement(), first)}\n`, /three parts/],
  ];

  test.each(forged)('%s is refused', (_, forge, sentence) => {
    const refused = refusalOf(forge(), vmId);
    expect(refused).toBeInstanceOf(StatementNotTrusted);
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
