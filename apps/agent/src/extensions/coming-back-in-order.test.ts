/** S4.11 handler contract §6: what comes after another comes after it also when everything is enabled again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownExtension } from '@sallyport/local-controls';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { handlerPaths, statusFile } from './handler-paths.ts';
import { entry } from './machine.fixture.ts';
import { managedMachine, type HandlerBehaviour, type ManagedMachine } from './managed-machine.fixture.ts';
import type { Hosting } from './plan/hosting.ts';
import type { InstalledExtension } from './state/installed-extension.ts';

const v1 = parseHandlerVersion('1.0.0') as HandlerVersion;
const at = (resourceName: string, dependencyLevel: number, change: Partial<GoalExtension> = {}): GoalExtension =>
  entry({
    resourceName,
    type: resourceName,
    version: v1,
    operationId: `install ${resourceName}`,
    sequence: 7,
    dependencyLevel,
    ...change,
  });
/** Their records are in the order of their names, so an order by names would come the other way round. */
const wanted = [at('Zero', 0), at('One', 1, { dependsOn: ['Zero'] }), at('Alone', 0)];
const done = wanted.map((one): GoalExtension => ({ ...one, operationDone: true }));

interface Switched extends ManagedMachine {
  readonly controls: { hosting: Hosting };
}

async function installed(behaviour: Readonly<Record<string, HandlerBehaviour>>): Promise<Switched> {
  const controls: Switched['controls'] = { hosting: 'on' };
  const managed = await managedMachine({ hosting: () => controls.hosting });
  for (const { type, operationId } of wanted) managed.place(v1, operationId, 'install', { type, ...behaviour[type] });
  await managed.want(...wanted);
  await managed.want(...done);
  return Object.assign(managed, { controls });
}

/** Which were enabled since the first time, in their order. */
function enabledAgain({ machine }: ManagedMachine): readonly string[] {
  const enables = machine.history().flatMap((line) => /^(\w+) 1\.0\.0 enable/.exec(line)?.[1] ?? []);
  return enables.slice(wanted.length);
}

async function startAnew(managed: ManagedMachine): Promise<void> {
  managed.machine.startAnew();
  await managed.restart();
  await managed.idle();
}

test('with the machine, and with the manager: in their order, without a goal state, and told while they wait', async () => {
  await using managed = await installed({});
  await startAnew(managed);
  expect(enabledAgain(managed).filter((one) => one !== 'Alone')).toEqual(['Zero', 'One']);
  expect(enabledAgain(managed)).toContain('Alone');
  expect(managed.told()?.status).toMatchObject({ code: '0', displayStatus: 'Ready' });

  await using hosted = await installed(
    Object.fromEntries(wanted.map(({ type }) => [type, { scripts: { enable: 'sleep 1000 &' } }])),
  );
  for (const hosting of ['off', 'on'] as const) {
    hosted.controls.hosting = hosting;
    hosted.controlsChanged();
    await hosted.idle();
  }
  expect(enabledAgain(hosted).filter((one) => one !== 'Alone')).toEqual(['Zero', 'One']);
  hosted.controls.hosting = 'off';
  hosted.controlsChanged();
  await hosted.idle();
});

test('T84 one that says that it is not ready yet is waited for, also by the next agent, and that is told', async () => {
  const slow = '[ "$(grep -c "Zero 1.0.0 enable" "$history")" = 1 ] || report transitioning 0 Warming';
  await using managed = await installed({ Zero: { scripts: { enable: slow } } });
  managed.machine.startAnew();
  await managed.restart();
  await expect
    .poll(() => managed.toldOf('One')?.status?.message)
    .toBe("Waits for 'Zero', which has to come first. Then it is enabled again.");
  await expect.poll(() => enabledAgain(managed)).toContain('Zero');
  await managed.restart();
  // Commands take turns, so whatever had not waited would have run before this one.
  const other = at('Alone', 0, { operationId: 'again', sequence: 8 });
  managed.begin(...done.map((one) => (one.type === 'Alone' ? other : one)));
  await expect.poll(() => enabledAgain(managed).filter((one) => one === 'Alone')).toHaveLength(2);
  managed.machine.note('it says that it is ready');
  const tree = handlerPaths(managed.machine.host.paths, knownExtension('Contoso.Test/Zero'), v1);
  const status = statusFile(tree, 7);
  writeFileSync(status, readFileSync(status, 'utf8').replace('transitioning', 'success'));
  await managed.idle();
  expect(managed.machine.history().slice(-2)).toEqual([
    'it says that it is ready',
    'One 1.0.0 enable seq=7 uninstalled=NOT_RUN say=',
  ]);
});

test('T85 one that cannot be enabled again: those after it are told so and left alone, until it works', async () => {
  const broken = '[ "$(grep -c "Zero 1.0.0 enable" "$history")" != 2 ] || { echo "no licence" >&2; exit 4; }';
  await using managed = await installed({ Zero: { scripts: { enable: broken } } });
  await startAnew(managed);
  const told = async (): Promise<void> => {
    expect([...enabledAgain(managed)].sort()).toEqual(['Alone', 'Zero']);
    await expect.poll(() => managed.toldOf('Zero')?.status?.message).toContain('no licence');
    await expect
      .poll(() => managed.toldOf('One')?.status)
      .toMatchObject({
        code: 'DependencyFailed',
        level: 'Error',
        message: expect.stringMatching(
          /^Skipping processing of 'One' since execution of dependent extension 'Zero' failed: /,
        ) as string,
      });
  };
  await told();
  await managed.restart();
  await managed.want(...done);
  await told();
  // A new request mends it; then the other comes back on its own.
  await managed.want(
    ...done.map((one) => (one.type === 'Zero' ? at('Zero', 0, { operationId: 'again', sequence: 8 }) : one)),
  );
  expect(enabledAgain(managed).slice(2)).toEqual(['Zero', 'One']);
  await expect.poll(() => managed.toldOf('One')?.status).toMatchObject({ code: '0', message: 'It was enabled again.' });
});

test.each([
  ['the manager is disabled: nothing is waited for', 'off', undefined, 'enabled'],
  ['it is changed: that is done at once', 'on', { sequence: 8 }, 'enabled'],
  ['it is removed: that is done at once', 'on', { desired: 'absent', version: '' }, undefined],
] as const)('S4.11 while one that is not ready yet is waited for, %s', async (_what, hosting, request, phase) => {
  const slow =
    '[ "$(grep -c "Zero 1.0.0 enable" "$history")" != 2 ] || { report transitioning 0 Warming; touch "$dir/../warming"; }';
  await using managed = await installed({ Zero: { scripts: { enable: slow } } });
  managed.machine.startAnew();
  await managed.restart();
  const { handlers } = managed.machine.host.paths;
  await expect.poll(() => existsSync(join(handlers, 'warming'))).toBe(true);
  await expect.poll(() => recordOf(managed, 'Zero')?.comeback?.kind).toBe('awaited');
  managed.controls.hosting = hosting;
  managed.controlsChanged();
  if (request !== undefined) {
    const again = at('Zero', 0, { ...request, operationId: 'again' });
    managed.begin(...done.map((one) => (one.type === 'Zero' ? again : one)));
    await expect.poll(() => managed.endOf('again')?.state).toBe('Succeeded');
  }
  await managed.idle();
  const { phase: is, comeback } = recordOf(managed, 'Zero') ?? {};
  expect([is, comeback?.kind]).toEqual([phase, hosting === 'off' ? 'awaited' : undefined]);
});

function recordOf({ machine }: ManagedMachine, type: string): InstalledExtension | undefined {
  return machine.host.store.find(knownExtension(`Contoso.Test/${type}`), v1);
}
