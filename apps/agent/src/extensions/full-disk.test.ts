/** T45 S2.4 where nothing can be written: each operation says so, nothing is tried for ever, and what only shows or orders holds up nobody. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { handlerPaths } from './handler-paths.ts';
import { entry, extension } from './machine.fixture.ts';
import { managedMachine, type ManagedMachine } from './managed-machine.fixture.ts';
import type { Hosting } from './plan/hosting.ts';
import type { Permit } from './plan/permission.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const wanted = entry({ version: v1, operationId: 'first', sequence: 7 });

/** From now on no record can be written, until what is given back is called. */
function fill({ machine }: ManagedMachine, code: string): () => void {
  const { store } = machine.host;
  const put = (): never => {
    throw Object.assign(new Error(`${code}: no record can be written`), { code });
  };
  Object.assign(machine.host, { store: { ...store, put } });
  return () => Object.assign(machine.host, { store });
}

test.each([
  ['ENOSPC', 'StorageFull', /^The machine has no room left: ENOSPC: no record can be written/],
  ['EDQUOT', 'StorageFull', /^The machine has no room left: EDQUOT: no record can be written/],
  ['EIO', 'InternalError', /^EIO: no record can be written/],
])(
  'T45 an operation that cannot be recorded (%s) ends as %s, and another request does it',
  async (code, failure, words) => {
    await using managed = await managedMachine();
    managed.place(v1, 'first', 'install');
    const empty = fill(managed, code);
    await managed.want(wanted);
    expect(managed.told()).toMatchObject({ operationId: 'first', state: 'Failed', error: { code: failure } });
    expect(managed.told()?.error?.message).toMatch(words);
    empty();
    managed.place(v1, 'second', 'install');
    await managed.want({ ...wanted, operationId: 'second', sequence: 8 });
    expect(managed.told()).toMatchObject({ operationId: 'second', state: 'Succeeded', version: '1.0.0' });
  },
);

test('S4.11 T85 what cannot be stopped, since nothing can be written, rests until controls or goal change; then it is', async () => {
  for (const again of ['controls', 'goal'] as const) {
    let hosting: Hosting = 'on';
    await using managed = await managedMachine({ hosting: () => hosting });
    managed.place(v1, 'first', 'install', { scripts: { enable: 'sleep 1000 &' } });
    await managed.want(wanted);
    const empty = fill(managed, 'ENOSPC');
    hosting = 'off';
    managed.controlsChanged();
    await managed.idle();
    expect(managed.machine.state()).toBe('1.0.0 enabled');
    expect(managed.told()?.status).toMatchObject({ code: '0', level: 'Information' });
    empty();
    if (again === 'controls') managed.controlsChanged();
    else managed.begin({ ...wanted, operationDone: true });
    await managed.idle();
    expect(managed.machine.state()).toBe('1.0.0 installed');
    await expect.poll(() => managed.told()?.status).toMatchObject({ code: 'ExtensionManagerDisabled' });
  }
});

test('S4.5 T85 an upgrade that was forbidden while the agent was not there, and cannot be taken back: its end is told', async () => {
  let isBlocked = false;
  const explanation = { outcome: 'block', rule: 'test', message: 'No longer.' } as const;
  const permit: Permit = () =>
    isBlocked
      ? { allowed: false, code: 'ExtensionNotAllowed', explanation }
      : { allowed: true, explanation: { ...explanation, outcome: 'allow' } };
  await using managed = await managedMachine({ permit });
  managed.place(v1, 'first', 'install');
  await managed.want(wanted);
  managed.place(v2, 'second', 'upgrade', { scripts: { update: 'exec sleep 1000' } });
  const upgrade = entry({ version: v2, operationId: 'second', sequence: 8 });
  managed.begin(upgrade);
  await expect.poll(() => managed.machine.history().at(-1)).toMatch(/^2\.0\.0 update/);
  const empty = fill(managed, 'ENOSPC');
  isBlocked = true;
  await managed.restart();
  await managed.want(upgrade);
  expect(managed.endOf('second')).toMatchObject({
    state: 'Failed',
    error: { code: 'ExtensionNotAllowed' },
    explanation,
  });
  empty();
});

test('S4.11 where the order of extensions cannot be kept, and a handler cannot be shown its state, all else goes on', async () => {
  await using managed = await managedMachine();
  const { paths } = managed.machine.host;
  managed.place(v1, 'first', 'install');
  await managed.want(wanted);
  // In the place of the one file, and of the other.
  mkdirSync(join(paths.guestConfig, 'order.json/in the way'), { recursive: true });
  const state = join(handlerPaths(paths, extension, v1).config, 'HandlerState');
  rmSync(state);
  mkdirSync(join(state, 'in the way'), { recursive: true });
  await managed.restart();
  const other = entry({ resourceName: 'Else', type: 'Else', version: v1, operationId: 'another', dependencyLevel: 1 });
  managed.place(v1, 'another', 'install', { type: 'Else' });
  await managed.want({ ...wanted, operationDone: true }, other);
  expect(managed.toldOf('Else')).toMatchObject({ operationId: 'another', state: 'Succeeded' });
});
