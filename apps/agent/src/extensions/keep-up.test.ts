/** S4.11 T84 what the centre has not heard of how an extension is: told by whoever starts next, and nothing else is. */
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tellWhatChanged } from './keep-up.ts';
import { entry, extension } from './machine.fixture.ts';
import { managedMachine, type ManagedMachine } from './managed-machine.fixture.ts';
import type { Hosting } from './plan/hosting.ts';
import { Reporter } from './report/reporter.ts';
import type { InstalledExtension } from './state/installed-extension.ts';

const v1 = parseHandlerVersion('1.0.0') as HandlerVersion;

let managed: ManagedMachine;
let record: InstalledExtension;
/** How it was told to be when it was installed. */
let installed: InstanceStatus;
beforeAll(async () => {
  managed = await managedMachine();
  managed.place(v1, 'first', 'install');
  await managed.want(entry({ version: v1, operationId: 'first', sequence: 7 }));
  record = managed.machine.host.store.find(extension, v1) ?? expect.fail('it is not installed');
  installed = managed.journal.statusOf(record) ?? expect.fail('nothing was told');
});
afterAll(() => managed[Symbol.asyncDispose]());

const stopped = { phase: 'installed', suspended: true } as const;
const told = {
  stopped: ['ExtensionManagerDisabled', /^extensions\.enabled is false on its machine, so it was stopped\./],
  failed: ['HandlerEnableFailed', /^It was to be enabled again and could not be: no licence$/],
  back: ['0', /^It was enabled again\.$/],
} as const;

test.each<
  [
    what: string,
    is: Partial<InstalledExtension>,
    hosting: Hosting,
    /** The code that was told last; as it was installed, without. */
    before: string | undefined,
    after: keyof typeof told | undefined,
  ]
>([
  ['stopped', stopped, 'off', undefined, 'stopped'],
  ['stopped, and whether it may run cannot be read', stopped, 'unknown', undefined, 'stopped'],
  ['stopped, and about to come back', stopped, 'on', undefined, undefined],
  ['being stopped', { suspended: true }, 'off', undefined, undefined],
  ['installed, and never enabled', { phase: 'installed' }, 'off', undefined, undefined],
  ['not to be enabled again', { comeback: { kind: 'failed', why: 'no licence' } }, 'on', undefined, 'failed'],
  ['back, and told to be stopped', {}, 'on', 'ExtensionManagerDisabled', 'back'],
  ['back, and told to wait', {}, 'on', 'WaitingForDependency', 'back'],
  ['back, and told to be skipped', {}, 'on', 'DependencyFailed', 'back'],
  ['back, and told to have failed in a way of its own', {}, 'on', '42', undefined],
  ['waited for', { comeback: { kind: 'awaited' } }, 'on', 'ExtensionManagerDisabled', undefined],
  ['enabled in another life of the machine', { enabledIn: 'life 0' }, 'on', 'ExtensionManagerDisabled', undefined],
  ['not enabled any more', { phase: 'installed' }, 'on', 'ExtensionManagerDisabled', undefined],
  ['as it was told to be', {}, 'on', undefined, undefined],
])('S4.11 T84 it is %s', async (_what, is, hosting, before, after) => {
  const { journal } = managed;
  const { host } = managed.machine;
  const sent: (string | undefined)[] = [];
  const reporter = new Reporter({
    journal,
    log: host.log,
    send: ({ extensions }) => Promise.resolve(void sent.push(...extensions.map(({ status }) => status?.code))),
  });
  const was = before === undefined ? installed : { ...installed, code: before };
  journal.amend('thing', 'first', was);
  reporter.flush();
  await expect.poll(() => journal.unsent()).toEqual([]);
  sent.length = 0;
  host.store.put({ ...record, ...is });
  tellWhatChanged({ host, journal, reporter, hosting: () => hosting });
  const now = journal.statusOf(record);
  if (after === undefined) {
    expect([now, journal.unsent()]).toEqual([was, []]);
  } else {
    const [code, message] = told[after];
    expect(now).toMatchObject({ code, message: expect.stringMatching(message) as string });
    await expect.poll(() => sent).toEqual([code]);
  }
  await reporter.stop();
});
