import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import type { GoalExtension } from '@sallyport/model/wire';
import { temporaryDirectory } from '@sallyport/testkit';
import { CompactEncrypt } from 'jose';
import { expect, test } from 'vitest';
import { createMachineKey, type MachineKey } from '../../connection/machine-key.ts';
import { machineKeyFiles, MachineKeyring } from '../../connection/machine-keyring.ts';
import { processEnvironment } from '../../platform/environment.ts';
import { agentPaths } from '../../platform/paths.ts';
import { addStoredSecrets, protectedSettingsFor } from './protected-settings.ts';
import { resealStoredSettings } from './reseal-stored-settings.ts';
import { SecretWords } from './secret-words.ts';

const clear = JSON.stringify({ secret: 'canary' });

interface Sealing {
  readonly machineId?: string;
  readonly resourceName?: unknown;
  readonly sequence?: unknown;
  readonly extension?: unknown;
  readonly operationId?: unknown;
  readonly text?: string;
  readonly alg?: string;
}

async function sealed(key: MachineKey, sealing: Sealing = {}): Promise<string> {
  const header = {
    alg: sealing.alg ?? 'RSA-OAEP-256',
    enc: 'A256GCM',
    machineId: sealing.machineId ?? key.vmId,
    resourceName: sealing.resourceName ?? 'Script',
    sequence: sealing.sequence ?? 3,
    extension: sealing.extension ?? 'contoso.test/script',
    operationId: sealing.operationId ?? 'one',
  };
  const { createPublicKey } = await import('node:crypto');
  return new CompactEncrypt(Buffer.from(sealing.text ?? clear))
    .setProtectedHeader(header)
    .encrypt(createPublicKey(key.privateKey));
}

function entry(jwe: string): GoalExtension {
  return {
    resourceName: 'script',
    publisher: 'Contoso.Test',
    type: 'Script',
    desired: 'present',
    version: '1.0.0',
    operationId: 'one',
    operationDone: false,
    sequence: 3,
    settings: null,
    protectedSettings: { kind: 'sealed', jwe },
    packageUrls: [],
  };
}

async function outcome(make: (key: MachineKey) => Promise<string>): Promise<string> {
  using directory = temporaryDirectory('secrets');
  const key = await createMachineKey(join(directory.path, 'machine.key'));
  const jwe = await make(key);
  try {
    const stored = await protectedSettingsFor(
      entry(jwe),
      agentPaths(directory.path),
      processEnvironment(),
      key,
      new SecretWords(),
    );
    return stored === undefined ? 'none' : 'stored';
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return message.includes('canary') ? `${code}, and the message leaks` : code;
  }
}

test('T51 settings sealed to this machine, extension and request are opened', async () => {
  expect(await outcome((key) => sealed(key))).toBe('stored');
});

test.each<readonly [string, Sealing]>([
  ['another machine', { machineId: '00000000-0000-8000-8000-000000000000' }],
  ['another resource', { resourceName: 'other' }],
  ['another extension under the same name', { extension: 'contoso.test/other' }],
  ['an extension of another publisher', { extension: 'fabrikam.test/script' }],
  ['an extension that is no text', { extension: 5 }],
  ['another operation', { operationId: 'two' }],
  ['an extension that is not named', { resourceName: 5 }],
  ['an earlier request', { sequence: 2 }],
  ['a later request', { sequence: 4 }],
  ['a sequence of another kind', { sequence: '3' }],
  ['nobody, being no object', { text: '"canary"' }],
  ['nobody, being no JSON', { text: '{canary' }],
  ['another key transport (T30)', { alg: 'RSA-OAEP' }],
])('T51 settings for %s are refused', async (_title, sealing) => {
  expect(await outcome((key) => sealed(key, sealing))).toBe('SettingsUnreadable');
});

test('T51 settings sealed to another key, and what is no JWE at all', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  expect(await outcome((key) => sealed({ ...key, privateKey }))).toBe('SettingsUnreadable');
  expect(await outcome(() => Promise.resolve('a.b.c.d.e'))).toBe('SettingsUnreadable');
});

test('T75 S1.7 what was sealed before the key was renewed is opened, and sealed for the new key what is kept', async () => {
  using directory = temporaryDirectory('secrets');
  const paths = agentPaths(directory.path);
  const first = await createMachineKey(machineKeyFiles(paths.certificates).current);
  const ring = MachineKeyring.read(paths.certificates, first.vmId);
  if (ring === undefined) throw new Error('there is no key');
  const before = await sealed(first);
  const onItsWay = await sealed(first, { text: '{"word":"canary-on-its-way"}' });
  await protectedSettingsFor(entry(before), paths, processEnvironment(), ring, new SecretWords());
  ring.accepted(await ring.prepareNext());

  // Sealed by a centre that did not know the new key yet.
  const stored = await protectedSettingsFor(entry(onItsWay), paths, processEnvironment(), ring, new SecretWords());
  expect(stored).toBeDefined();
  await resealStoredSettings(paths, ring);
  await resealStoredSettings(paths, ring);
  ring.accepted(await ring.prepareNext());
  await resealStoredSettings(paths, ring);
  ring.accepted(await ring.prepareNext());
  const secrets = new SecretWords();
  await addStoredSecrets({ resourceName: 'script' }, paths, () => ring, secrets);
  expect(secrets.redact('it said canary-on-its-way and more')).toBe('it said [protected] and more');
});

test('T11 settings of an earlier request are not taken again, also after others were taken away; the same once more is', async () => {
  using directory = temporaryDirectory('secrets');
  const environment = processEnvironment();
  const paths = agentPaths(directory.path);
  const key = await createMachineKey(join(directory.path, 'one.pem'));
  const take = async (sequence: number, machine = key): Promise<unknown> => {
    const jwe = await sealed(machine, { sequence });
    return protectedSettingsFor({ ...entry(jwe), sequence }, paths, environment, machine, new SecretWords());
  };
  await take(5);
  await take(5);
  await take(7);
  await expect(take(5)).rejects.toThrow('sealed for an earlier request');
  await protectedSettingsFor(
    { ...entry(''), sequence: 9, protectedSettings: { kind: 'none' } },
    paths,
    environment,
    key,
    new SecretWords(),
  );
  await expect(take(6)).rejects.toMatchObject({ code: 'SettingsUnreadable' });
  await take(8);
  // Another identity begins with nothing.
  await take(1, await createMachineKey(join(directory.path, 'other.pem')));
});
