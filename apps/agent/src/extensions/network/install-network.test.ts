/** T43 through whole operations: what happens where the network of installs is to be withheld, and on the way back. */
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { describe, expect, test } from 'vitest';
import { entry, extension } from '../machine.fixture.ts';
import { managedMachine, type HandlerBehaviour, type ManagedMachine } from '../managed-machine.fixture.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const first = entry({ version: v1, operationId: 'first', sequence: 7, settings: { say: 'old' } });
const second = (version = v2) => entry({ version, operationId: 'second', sequence: 8, settings: { say: 'new' } });

async function machineWith(from: HandlerVersion, behaviour: HandlerBehaviour = {}): Promise<ManagedMachine> {
  const managed = await managedMachine();
  managed.place(from, 'first', 'install', behaviour);
  await managed.want({ ...first, version: from });
  expect(managed.told()).toMatchObject({ state: 'Succeeded', version: from });
  return managed;
}

/** Commands since the version before was installed, by version and name. */
const commandsSince = ({ machine }: ManagedMachine): readonly string[] =>
  machine
    .history()
    .slice(2)
    .map((line) => line.split(' ').slice(0, 2).join(' '));

/** An `unshare` that runs what it is given, with the network there is, until the file `lost` lies in the machine's folder. */
function unshareUntilLost({ machine }: ManagedMachine): string {
  const file = join(dirname(machine.historyFile), 'unshare');
  const lost = `[ -e '${dirname(machine.historyFile)}/lost' ] && { echo 'not permitted' >&2; exit 1; }`;
  writeFileSync(file, `#!/bin/sh\n${lost}\n[ "$1" = --mount ] && exit 0\nshift 2\nexec "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}
const lose = (managed: ManagedMachine): string => `touch '${dirname(managed.machine.historyFile)}/lost'`;

const withoutNamespaces = '/bin/false';

describe('T43 where the network cannot be withheld', () => {
  test('nothing of an installation is run, and the failure says why and what to do', async () => {
    await using managed = await managedMachine();
    managed.machine.setInstallNetwork('none', withoutNamespaces);
    managed.place(v1, 'first', 'install');
    await managed.want(first);
    expect(managed.machine.history()).toEqual([]);
    const told = managed.told();
    expect(told).toMatchObject({ state: 'Failed', error: { code: 'NetworkNotWithheld' } });
    expect(told?.error?.message).toContain(
      "Contoso.Test/Thing 1.0.0 is to have no network while it is installed, since extensions.agent.installnetwork is 'none' on this server; this machine cannot keep it from the network: a network namespace cannot be made",
    );
    expect(told?.error?.message).toContain("'Network of Installs' of azcmagent show");
  });

  test.each(['none', 'declared', 'unreadable'] as const)(
    'an upgrade under %s stops nothing of the old',
    async (word) => {
      await using managed = await machineWith(v1);
      managed.machine.setInstallNetwork(word, withoutNamespaces);
      managed.place(v2, 'second', 'upgrade');
      await managed.want(second());
      expect(commandsSince(managed)).toEqual([]);
      expect(managed.told()).toMatchObject({ state: 'Failed', error: { code: 'NetworkNotWithheld' } });
      expect(managed.machine.state()).toBe('1.0.0 enabled');
    },
  );

  test('nor does going back to a lower version that has declared its need: the update command is the higher one', async () => {
    await using managed = await machineWith(v2);
    managed.machine.setInstallNetwork('declared', withoutNamespaces);
    placeDeclared(managed, v1);
    await managed.want(second(v1));
    expect(commandsSince(managed)).toEqual([]);
    expect(managed.told()).toMatchObject({ state: 'Failed', error: { code: 'NetworkNotWithheld' } });
    expect(managed.machine.state()).toBe('2.0.0 enabled');
  });

  test('a version that has declared its need is not asked to do without', async () => {
    await using managed = await machineWith(v1);
    managed.machine.setInstallNetwork('declared', withoutNamespaces);
    placeDeclared(managed, v2);
    await managed.want(second());
    expect(managed.told()).toMatchObject({ state: 'Succeeded', version: '2.0.0' });
  });

  test('deleting goes on (S4.6)', async () => {
    await using managed = await machineWith(v1);
    managed.machine.setInstallNetwork('none', withoutNamespaces);
    await managed.want({ ...second(), desired: 'absent', version: '' });
    expect(commandsSince(managed)).toEqual(['1.0.0 disable', '1.0.0 uninstall']);
    expect(managed.machine.state()).toBe('nothing');
  });
});

function placeDeclared(managed: ManagedMachine, version: HandlerVersion): void {
  managed.place(version, 'second', 'upgrade');
  const { store } = managed.machine.host;
  const record = store.find(extension, version);
  if (record === undefined) throw new Error('it was not placed');
  store.put({ ...record, needsNetworkToInstall: true });
}

describe('T43 T85 where that is lost during an upgrade', () => {
  test('before the update command: the version before works again', async () => {
    await using managed = await managedMachine();
    managed.place(v1, 'first', 'install', { scripts: { disable: lose(managed) } });
    await managed.want(first);
    managed.machine.setInstallNetwork('none', unshareUntilLost(managed));
    managed.place(v2, 'second', 'upgrade');
    await managed.want(second());
    expect(commandsSince(managed)).toEqual(['1.0.0 disable', '1.0.0 enable']);
    expect(managed.told()).toMatchObject({
      state: 'Failed',
      rolledBackTo: '1.0.0',
      error: { code: 'NetworkNotWithheld' },
    });
    expect(managed.machine.state()).toBe('1.0.0 enabled');
  });

  test('after the version before was uninstalled: it is not installed with a network either, and that is said', async () => {
    await using managed = await managedMachine();
    managed.place(v1, 'first', 'install', { scripts: { uninstall: lose(managed) } });
    await managed.want(first);
    managed.machine.setInstallNetwork('none', unshareUntilLost(managed));
    managed.place(v2, 'second', 'upgrade', { manifest: { updateMode: 'UpdateWithInstall' } });
    await managed.want(second());
    expect(commandsSince(managed)).not.toContain('2.0.0 install');
    expect(commandsSince(managed)).not.toContain('1.0.0 install');
    const told = managed.told();
    // Something of it has run: this is no refusal before anything was.
    expect(told).toMatchObject({ state: 'Failed', error: { code: 'HandlerInstallFailed' } });
    expect(told?.error?.message).toContain('this machine cannot keep it from the network');
    expect(told?.error?.message).toContain('Rolling back to 1.0.0 failed as well');
  });
});

test('T43 a command that fails without a network says that it had none', async () => {
  await using managed = await managedMachine();
  managed.machine.setInstallNetwork('none', unshareUntilLost(managed));
  managed.place(v1, 'first', 'install', { exits: { install: 3 } });
  await managed.want(first);
  expect(managed.told()).toMatchObject({ state: 'Failed', error: { code: 'HandlerInstallFailed' } });
  expect(managed.told()?.error?.message).toContain(
    "The command had no network, since extensions.agent.installnetwork is 'none' on this server.",
  );
});
