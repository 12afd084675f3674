/** S4.11 the manager is disabled and enabled, with real handlers that leave processes behind. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { describe, expect, onTestFinished, test } from 'vitest';
import { entry, extension } from './machine.fixture.ts';
import { managedMachine, type HandlerBehaviour, type ManagedMachine } from './managed-machine.fixture.ts';
import type { Hosting } from './plan/hosting.ts';
import type { Permit } from './plan/permission.ts';
import type { InstalledExtension } from './state/installed-extension.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];

interface Switched extends ManagedMachine {
  /** `extensions.enabled`, and a list that blocks everything. */
  readonly controls: { hosting: Hosting; blocked: boolean };
}

async function switched(): Promise<Switched> {
  const controls: Switched['controls'] = { hosting: 'on', blocked: false };
  const permit: Permit = (operation) => {
    const explanation = { outcome: 'block', rule: 'test', message: `${operation}: no.` } as const;
    if (controls.hosting === 'off') return { allowed: false, code: 'ExtensionManagerDisabled', explanation };
    if (controls.blocked) return { allowed: false, code: 'ExtensionNotAllowed', explanation };
    return { allowed: true, explanation: { ...explanation, outcome: 'allow' } };
  };
  const managed = await managedMachine({ permit, hosting: () => controls.hosting });
  return Object.assign(managed, { controls });
}

const wanted = entry({ version: v1, operationId: 'first', sequence: 7, settings: { say: 'old' } });
/** A process of the extension, which writes its number where the test finds it. */
const hosting = 'sleep 1000 & echo $! > "$dir/daemon"';
/** The same as a service of its own would be: started by somebody else, with another environment. */
const ownService = 'env -i setsid sleep 1000 > /dev/null 2>&1 & echo $! > "$dir/daemon"';

async function install(managed: ManagedMachine, behaviour: HandlerBehaviour): Promise<void> {
  managed.place(v1, 'first', 'install', behaviour);
  await managed.want(wanted);
  expect(managed.told()).toMatchObject({ state: 'Succeeded' });
}

function daemonOf({ machine }: ManagedMachine): number {
  const path = join(machine.host.paths.handlers, 'Contoso.Test.Thing-1.0.0/daemon');
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
}

function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function programOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
}

function endAfterwards(pid: number): void {
  onTestFinished(() => {
    if (runs(pid)) process.kill(pid, 'SIGKILL');
  });
}

async function change(managed: Switched, to: Partial<Switched['controls']>): Promise<void> {
  Object.assign(managed.controls, to);
  managed.controlsChanged();
  await managed.idle();
}

describe('S4.11 S4.6 what is enabled', () => {
  test('hosted by the manager: stops, and comes back with its settings, though a list has been set', async () => {
    await using managed = await switched();
    await install(managed, { scripts: { enable: hosting } });
    const before = daemonOf(managed);
    endAfterwards(before);
    expect(runs(before)).toBe(true);
    await change(managed, { hosting: 'off' });
    expect(runs(before)).toBe(false);
    expect(managed.machine.history().slice(2)).toEqual(['1.0.0 disable seq=7 version=1.0.0']);
    expect(managed.machine.state()).toBe('1.0.0 installed');
    await expect
      .poll(() => managed.told()?.status)
      .toMatchObject({ code: 'ExtensionManagerDisabled', level: 'Warning' });
    expect(managed.told()).toMatchObject({ operationId: 'first', state: 'Succeeded', version: '1.0.0' });
    // It is as wanted, apart from that: nothing is answered anew, also after a restart.
    await managed.restart();
    await managed.want({ ...wanted, operationDone: true });
    expect(managed.machine.history()).toHaveLength(3);

    await change(managed, { hosting: 'on', blocked: true });
    endAfterwards(daemonOf(managed));
    expect(managed.machine.history().slice(3)).toEqual(['1.0.0 enable seq=7 uninstalled=NOT_RUN say=old']);
    expect(managed.machine.state()).toBe('1.0.0 enabled');
    expect(daemonOf(managed)).not.toBe(before);
    expect(runs(daemonOf(managed))).toBe(true);
    await expect.poll(() => managed.told()?.status).toMatchObject({ code: '0', displayStatus: 'Ready' });
  });

  test('with a service of its own, or with nothing that runs: is left alone', async () => {
    for (const enable of [ownService, 'true']) {
      await using managed = await switched();
      await install(managed, { scripts: { enable } });
      endAfterwards(daemonOf(managed));
      // Until the service has become its program it is what the handler started.
      if (enable === ownService) await expect.poll(() => programOf(daemonOf(managed))).toBe('sleep');
      await change(managed, { hosting: 'off' });
      await change(managed, { hosting: 'on' });
      expect(managed.machine.history()).toHaveLength(2);
      expect(managed.machine.state()).toBe('1.0.0 enabled');
      if (enable === ownService) expect(runs(daemonOf(managed))).toBe(true);
    }
  });

  test('T54 while the controls cannot be read it goes on', async () => {
    await using managed = await switched();
    await install(managed, { scripts: { enable: hosting } });
    endAfterwards(daemonOf(managed));
    await change(managed, { hosting: 'unknown' });
    expect(runs(daemonOf(managed))).toBe(true);
    expect(managed.machine.history()).toHaveLength(2);
  });

  test('a disable command that fails leaves nothing running all the same', async () => {
    await using managed = await switched();
    await install(managed, { scripts: { enable: hosting }, exits: { disable: 3 } });
    const daemon = daemonOf(managed);
    endAfterwards(daemon);
    await change(managed, { hosting: 'off' });
    expect(runs(daemon)).toBe(false);
    expect(managed.machine.state()).toBe('1.0.0 installed');
  });

  test('T84 the agent ends while it is stopped: the next one goes on, or brings it back', async () => {
    for (const then of ['off', 'on'] as const) {
      await using managed = await switched();
      const once = '[ "$(grep -c "1.0.0 disable" "$history")" -gt 1 ] || exec sleep 1000';
      await install(managed, { scripts: { enable: hosting, disable: once } });
      const daemon = daemonOf(managed);
      endAfterwards(daemon);
      managed.controls.hosting = 'off';
      managed.controlsChanged();
      await expect.poll(() => managed.machine.history().length).toBe(3);
      managed.controls.hosting = then;
      await managed.restart();
      await managed.idle();
      endAfterwards(daemonOf(managed));
      expect(managed.machine.history().slice(3)).toEqual(
        then === 'off' ? ['1.0.0 disable seq=7 version=1.0.0'] : ['1.0.0 enable seq=7 uninstalled=NOT_RUN say=old'],
      );
      expect(managed.machine.state()).toBe(then === 'off' ? '1.0.0 installed' : '1.0.0 enabled');
    }
  });
});

describe('S4.11 the manager is switched while its own work waits for its turn to run a command', () => {
  /** Nobody else's command begins, until it is called. */
  function holdTurns({ machine }: ManagedMachine): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    void machine.host.lane(() => promise, new AbortController().signal);
    return resolve;
  }

  test('what was to be stopped is enabled again, without being told to have been stopped', async () => {
    await using managed = await switched();
    await install(managed, { scripts: { enable: hosting } });
    endAfterwards(daemonOf(managed));
    const letGo = holdTurns(managed);
    managed.controls.hosting = 'off';
    managed.controlsChanged();
    const record = (): InstalledExtension | undefined => managed.machine.host.store.find(extension, v1);
    await expect.poll(() => record()?.suspended).toBe(true);
    managed.controls.hosting = 'on';
    letGo();
    await managed.idle();
    endAfterwards(daemonOf(managed));
    expect(managed.machine.history().slice(2)).toEqual(['1.0.0 enable seq=7 uninstalled=NOT_RUN say=old']);
    expect(managed.machine.state()).toBe('1.0.0 enabled');
    await expect.poll(() => managed.told()?.status).toMatchObject({ code: '0', displayStatus: 'Ready' });
  });

  test('what was to come back stays stopped, is not told to have failed, and comes back the next time', async () => {
    await using managed = await switched();
    await install(managed, { scripts: { enable: hosting } });
    endAfterwards(daemonOf(managed));
    await change(managed, { hosting: 'off' });
    const letGo = holdTurns(managed);
    managed.controls.hosting = 'on';
    managed.controlsChanged();
    managed.controls.hosting = 'off';
    letGo();
    await managed.idle();
    expect(managed.machine.history()).toHaveLength(3);
    expect(managed.machine.state()).toBe('1.0.0 installed');
    await expect.poll(() => managed.told()?.status).toMatchObject({ code: 'ExtensionManagerDisabled' });
    await change(managed, { hosting: 'on' });
    endAfterwards(daemonOf(managed));
    expect(managed.machine.state()).toBe('1.0.0 enabled');
  });
});

describe('S4.11 operations under way', () => {
  test('are answered at once, whatever they are at', async () => {
    await using managed = await switched();
    managed.place(v1, 'first', 'install', { scripts: { install: 'exec sleep 1000' } });
    managed.begin(wanted);
    await expect.poll(() => managed.machine.history().length).toBe(1);
    await change(managed, { hosting: 'off' });
    expect(managed.told()).toMatchObject({ state: 'Failed', error: { code: 'ExtensionManagerDisabled' } });
    expect(managed.told()?.explanation).toMatchObject({ message: 'install: no.' });
  });

  test('S4.5 what a list forbids ends at its next step: the command that runs comes to its end', async () => {
    await using managed = await switched();
    const waits = 'while [ ! -e "$dir/../go" ]; do sleep 0.05; done; echo "it ended" >> "$history"';
    managed.place(v1, 'first', 'install', { scripts: { install: waits } });
    managed.begin(wanted);
    await expect.poll(() => managed.machine.history().length).toBe(1);
    managed.controls.blocked = true;
    managed.controlsChanged();
    expect(managed.journal.conclusions().get('thing')).toBeUndefined();
    writeFileSync(join(managed.machine.host.paths.handlers, 'go'), '');
    await managed.idle();
    expect(managed.machine.history().slice(1)).toEqual(['it ended']);
    expect(managed.told()).toMatchObject({ state: 'Failed', error: { code: 'ExtensionNotAllowed' } });
  });

  test('T85 an upgrade too; the version before comes back when it may', async () => {
    await using managed = await switched();
    await install(managed, {});
    managed.place(v2, 'second', 'upgrade', { scripts: { update: 'exec sleep 1000' } });
    managed.begin(entry({ version: v2, operationId: 'second', sequence: 8 }));
    await expect.poll(() => managed.machine.history().at(-1)).toMatch(/^2\.0\.0 update/);
    await change(managed, { hosting: 'off' });
    const pending = managed.told();
    expect(pending).toMatchObject({ operationId: 'second', state: 'Failed', rolledBackTo: '1.0.0' });
    expect(pending?.error?.message).toMatch(/^upgrade: no\.\nIt will be rolled back to 1\.0\.0 as soon as/);
    // Also when the agent is started anew meanwhile.
    await managed.restart();
    expect(managed.machine.state()).toBe('1.0.0 installed, 2.0.0 placed');
    await change(managed, { hosting: 'on', blocked: true });
    expect(managed.machine.history().at(-1)).toBe('1.0.0 enable seq=7 uninstalled=NOT_RUN say=old');
    expect(managed.machine.state()).toBe('1.0.0 enabled');
    expect(managed.told()).toMatchObject({ operationId: 'second', state: 'Failed', version: '1.0.0' });
    expect(managed.told()?.error?.message).toContain('Rolled back to 1.0.0');
  });
});

describe('T85 an upgrade that is given up half way', () => {
  /** A machine with an upgrade that hangs in the update command of the new version. */
  async function hanging(): Promise<Switched> {
    const managed = await switched();
    await install(managed, {});
    managed.place(v2, 'second', 'upgrade', { scripts: { update: 'exec sleep 1000' } });
    managed.begin(entry({ version: v2, operationId: 'second', sequence: 8 }));
    await expect.poll(() => managed.machine.history().at(-1)).toMatch(/^2\.0\.0 update/);
    return managed;
  }

  test('canceled from the centre', async () => {
    await using managed = await hanging();
    await managed.want(entry({ version: v2, operationId: 'second', sequence: 8, cancel: true }));
    expect(managed.told()).toMatchObject({ state: 'Canceled', version: '1.0.0', rolledBackTo: '1.0.0' });
    expect(managed.machine.state()).toBe('1.0.0 enabled');
  });

  test('canceled while the agent was not there', async () => {
    await using managed = await hanging();
    await managed.restart();
    await managed.want(entry({ version: v2, operationId: 'second', sequence: 8, cancel: true }));
    expect(managed.told()).toMatchObject({ state: 'Canceled', version: '1.0.0', rolledBackTo: '1.0.0' });
    expect(managed.machine.state()).toBe('1.0.0 enabled');
  });

  test('S4.5 forbidden while the agent was not there', async () => {
    await using managed = await hanging();
    managed.controls.blocked = true;
    await managed.restart();
    await managed.want(entry({ version: v2, operationId: 'second', sequence: 8 }));
    expect(managed.told()).toMatchObject({
      state: 'Failed',
      version: '1.0.0',
      error: { code: 'ExtensionNotAllowed' },
      explanation: { message: 'upgrade: no.' },
    });
    expect(managed.machine.history().at(-1)).toMatch(/^1\.0\.0 enable seq=7/);
  });

  test('S4.6 replaced by a removal: everything goes, nothing comes back first', async () => {
    await using managed = await hanging();
    await managed.want(entry({ desired: 'absent', version: '', operationId: 'third', sequence: 9 }));
    expect(managed.told()).toMatchObject({ operationId: 'third', state: 'Succeeded', version: '' });
    expect(managed.machine.state()).toBe('nothing');
  });
});

test('T85 S4.6 removed while it goes back: the way back ends where it is, and everything goes', async () => {
  await using managed = await switched();
  const hangs = '[ "$(grep -c "^1.0.0 enable" "$history")" = 1 ] || exec sleep 1000';
  await install(managed, { scripts: { enable: hangs } });
  managed.place(v2, 'second', 'upgrade', { exits: { update: 3 } });
  managed.begin(entry({ version: v2, operationId: 'second', sequence: 8 }));
  await expect.poll(() => managed.machine.history().slice(3).at(-1)).toMatch(/^1\.0\.0 enable/);
  await expect.poll(() => managed.stepNow('second')).toBe('enabling-again');
  expect(managed.states('second')).toContain('Enabling');
  await managed.want(entry({ desired: 'absent', version: '', operationId: 'third', sequence: 9 }));
  expect(managed.told()).toMatchObject({ operationId: 'third', state: 'Succeeded', version: '' });
  expect(managed.machine.state()).toBe('nothing');
});

describe('the machine is started anew', () => {
  test('what was enabled is enabled again, once, with its settings and without a goal state', async () => {
    await using managed = await switched();
    await install(managed, { scripts: { enable: hosting } });
    endAfterwards(daemonOf(managed));
    await managed.restart();
    await managed.idle();
    expect(managed.machine.history()).toHaveLength(2);
    managed.machine.startAnew();
    managed.controls.blocked = true;
    await managed.restart();
    await managed.idle();
    endAfterwards(daemonOf(managed));
    expect(managed.machine.history().slice(2)).toEqual(['1.0.0 enable seq=7 uninstalled=NOT_RUN say=old']);
    await managed.restart();
    await managed.idle();
    expect(managed.machine.history()).toHaveLength(3);
  });

  test('T85 one that cannot be enabled is told, and not tried again in that life', async () => {
    await using managed = await switched();
    const once = '[ "$(grep -c "1.0.0 enable" "$history")" = 1 ] || { echo "no licence" >&2; exit 4; }';
    await install(managed, { scripts: { enable: once } });
    managed.machine.startAnew();
    await managed.restart();
    await managed.idle();
    await managed.restart();
    await managed.idle();
    expect(managed.machine.history()).toHaveLength(3);
    expect(managed.machine.state()).toBe('1.0.0 enabled');
    const status = managed.told()?.status;
    expect(status).toMatchObject({ code: 'HandlerEnableFailed', level: 'Error' });
    expect(status?.message).toContain('no licence');
  });
});
