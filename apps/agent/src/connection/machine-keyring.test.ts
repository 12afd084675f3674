/** The machine's keys on its disk: whatever moment of a renewal is cut, one of them is the machine's (T75, T84). */
import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extendLineage, lastKeyOf, publicKeyText } from '@sallyport/machine-statement';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterEach, expect, test } from 'vitest';
import { writeLineage } from './key-lineage.ts';
import { createMachineKey } from './machine-key.ts';
import { machineKeyFiles, MachineKeyring } from './machine-keyring.ts';

const directories: Disposable[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) directory[Symbol.dispose]();
});

async function machine(): Promise<{
  readonly folder: string;
  readonly first: string;
  readonly read: () => MachineKeyring;
}> {
  const directory = temporaryDirectory('keyring');
  directories.push(directory);
  const folder = directory.path;
  const { clientPublicKey: first, vmId } = await createMachineKey(machineKeyFiles(folder).current);
  return {
    folder,
    first,
    read: () => {
      const found = MachineKeyring.read(folder, vmId);
      if (found === undefined) throw new Error('there is no key');
      return found;
    },
  };
}

const publicKeys = (keyring: MachineKeyring): readonly string[] =>
  keyring.signingKeys().map(({ clientPublicKey }) => clientPublicKey);

test('the id of the machine stays when its key is renewed, and the key before still opens', async () => {
  const { first, read } = await machine();
  const keyring = read();
  const { vmId, privateKey } = keyring;
  const next = await keyring.prepareNext();
  expect(keyring.clientPublicKey).toBe(first);
  expect(keyring.accepted(next)).toBe(true);
  expect(keyring.clientPublicKey).toBe(next.clientPublicKey);
  expect(keyring.vmId).toBe(vmId);
  expect(keyring.otherKeys.map((key) => key.equals(privateKey))).toEqual([true]);
  const again = read();
  expect([again.vmId, again.clientPublicKey]).toEqual([vmId, next.clientPublicKey]);
});

test('T84 wherever a renewal is cut off, the key that the centre knows is among those that are tried', async () => {
  const { folder, first, read } = await machine();
  const files = machineKeyFiles(folder);

  // Cut off after the next key was stored: the centre may know it, or not.
  const next = await read().prepareNext();
  expect(publicKeys(read())).toEqual([next.clientPublicKey, first]);
  expect((await read().prepareNext()).clientPublicKey).toBe(next.clientPublicKey);

  // Cut off after the centre has accepted it, with the one before stored and nothing renamed.
  copyFileSync(files.current, files.former);
  expect(publicKeys(read())).toEqual([next.clientPublicKey, first]);

  // It is taken up by the next process, from what lies there.
  const later = read();
  const [tried] = later.signingKeys();
  expect(tried !== undefined && later.accepted(tried)).toBe(true);
  expect(existsSync(files.next)).toBe(false);
  expect(publicKeys(read())).toEqual([next.clientPublicKey]);
});

test('the key in use being accepted is no renewal; a next key that is not accepted stays for another try', async () => {
  const { first, read } = await machine();
  const keyring = read();
  const [own] = keyring.signingKeys();
  expect(own !== undefined && keyring.accepted(own)).toBe(false);
  await keyring.prepareNext();
  const [, current] = keyring.signingKeys();
  expect(current !== undefined && keyring.accepted(current)).toBe(false);
  expect(keyring.clientPublicKey).toBe(first);
  expect(keyring.signingKeys()).toHaveLength(2);
});

test('every key is a file that only its owner reads', async () => {
  const { folder, read } = await machine();
  const keyring = read();
  keyring.accepted(await keyring.prepareNext());
  await keyring.prepareNext();
  expect(readdirSync(folder).toSorted()).toEqual([
    'machine.key',
    'machine.key.former',
    'machine.key.lineage',
    'machine.key.next',
  ]);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
  rmSync(machineKeyFiles(folder).current);
  expect(MachineKeyring.read(folder)).toBeUndefined();
});

test('T16 T84 how the keys followed one another leads from the first to the one in use, wherever a renewal is cut off', async () => {
  const { folder, first, read } = await machine();
  const leads = (keyring: MachineKeyring): string => {
    const lineage = keyring.lineage();
    return lineage === undefined ? '' : publicKeyText(lastKeyOf(keyring.vmId, lineage));
  };
  expect(read().lineage()).toEqual({ firstKey: first, successions: [] });
  for (const renewals of [1, 2]) {
    const keyring = read();
    const before = keyring.clientPublicKey;
    const next = await keyring.prepareNext();
    // Cut off after the line was extended and before the key changed.
    const lineage = keyring.lineage();
    if (lineage === undefined) throw new Error('there is no lineage');
    const extended = extendLineage(keyring.vmId, lineage, next.clientPublicKey, keyring.privateKey);
    writeLineage(machineKeyFiles(folder).lineage, extended);
    expect(leads(read())).toBe(before);
    const later = read();
    const [tried] = later.signingKeys();
    expect(tried !== undefined && later.accepted(tried)).toBe(true);
    expect(leads(later)).toBe(next.clientPublicKey);
    expect(leads(read())).toBe(next.clientPublicKey);
    expect(read().lineage()?.successions.length).toBe(renewals);
  }
  rmSync(machineKeyFiles(folder).lineage);
  expect(read().lineage()).toBeUndefined();
});
