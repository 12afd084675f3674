/** What the centre is told of an end that is unlike others: of something that was over before, with secrets of others in it, on a full disk. */
import { createPublicKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { CompactEncrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { MachineKey } from '../connection/machine-key.ts';
import { entry, extension } from './machine.fixture.ts';
import { managedMachine, type ManagedMachine } from './managed-machine.fixture.ts';
import { unguarded } from './orders/unguarded.fixture.ts';
import type { Permit } from './plan/permission.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const first = (change: Partial<GoalExtension> = {}): GoalExtension =>
  entry({ version: v1, operationId: 'first', sequence: 7, ...change });

describe('S2.4 what is brought back after its operation was over', () => {
  const blocked: Permit = () => ({
    allowed: false,
    code: 'ExtensionNotAllowed',
    explanation: { outcome: 'block', rule: 'test', message: 'No longer.' },
  });

  test.each([
    ['and fails', {}, 'HandlerInstallFailed', /^Non-zero exit code: 3/],
    ['and is refused', { permit: blocked }, 'ExtensionNotAllowed', /^No longer\./],
  ] as const)(
    '%s: that is how the extension is now, since its operation has ended once',
    async (_w, options, code, why) => {
      for (const operationDone of [true, false]) {
        await using managed = await managedMachine(options);
        managed.place(v1, 'first', 'install', { exits: { install: 3 } });
        await managed.want(first({ operationDone }));
        const told = managed.endOf('first');
        expect(told).toMatchObject({ state: 'Failed', error: { code, message: expect.stringMatching(why) as string } });
        if (operationDone)
          expect(told?.status).toMatchObject({
            code,
            level: 'Error',
            displayStatus: 'NotReady',
            message: expect.stringMatching(why) as string,
          });
        else expect(told).not.toHaveProperty('status');
      }
    },
  );
});

test('T45 T10 that what was signed is used up cannot be noted on a full disk: the end is told all the same', async () => {
  const spend = (): never => {
    throw new Error('ENOSPC: no space left on device');
  };
  await using managed = await managedMachine({ orders: () => ({ ...unguarded, spend }) });
  managed.place(v1, 'first', 'install', { exits: { install: 3 } });
  await managed.want(first());
  expect(managed.endOf('first')).toMatchObject({ state: 'Failed', error: { code: 'HandlerInstallFailed' } });
});

interface Sealing extends ManagedMachine {
  /** The same with protected settings that only this machine opens. */
  sealed(wanted: GoalExtension, password: string): Promise<GoalExtension>;
}

async function sealing(): Promise<Sealing> {
  const keys: MachineKey[] = [];
  const managed = await managedMachine({
    orders(key) {
      keys.push(key);
      return unguarded;
    },
  });
  return Object.assign(managed, {
    async sealed(wanted: GoalExtension, password: string) {
      const [key] = keys;
      if (key === undefined) throw new Error('there is no machine');
      const { resourceName, publisher, type, operationId, sequence } = wanted;
      const header = { resourceName, extension: `${publisher}/${type}`.toLowerCase(), operationId, sequence };
      const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify({ password })))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', machineId: key.vmId, ...header })
        .encrypt(createPublicKey(key.privateKey));
      return { ...wanted, protectedSettings: { kind: 'sealed', jwe } } as const;
    },
  });
}

/** Shell that tells both secrets and fails, from the second time on. */
const telling = (version: string): string =>
  `[ "$(grep -c "^${version} enable" "$history")" = 1 ] || { echo "it was old-hunter2 and new-hunter2" >&2; exit 4; }`;
const withoutSecrets = expect.stringMatching(/it was (?!.*hunter2)/) as string;

describe('S1.7 T52 what an extension prints of its protected settings is not told', () => {
  test('when it is enabled again with its machine', async () => {
    await using managed = await sealing();
    managed.place(v1, 'first', 'install', { scripts: { enable: telling('1.0.0').replace(' and new-hunter2', '') } });
    await managed.want(await managed.sealed(first(), 'old-hunter2'));
    managed.machine.startAnew();
    await managed.restart();
    await managed.idle();
    await expect
      .poll(() => managed.told()?.status)
      .toMatchObject({ code: 'HandlerEnableFailed', message: withoutSecrets });
  });

  test('when it is brought back after an upgrade, neither those it had nor those it was to have', async () => {
    await using managed = await sealing();
    managed.place(v1, 'first', 'install', { scripts: { enable: telling('1.0.0') } });
    await managed.want(await managed.sealed(first(), 'old-hunter2'));
    managed.place(v2, 'second', 'upgrade', { exits: { update: 3 } });
    await managed.want(await managed.sealed(entry({ version: v2, operationId: 'second' }), 'new-hunter2'));
    expect(managed.endOf('second')).toMatchObject({ state: 'Failed', error: { message: withoutSecrets } });
  });

  test('by another resource of its handler', async () => {
    await using managed = await sealing();
    const status = 'status="$dir/status/$ConfigExtensionName.$ConfigSequenceNumber.status"; report success 0 Done';
    const tells = `[ "$ConfigExtensionName" = a ] || { echo "it was old-hunter2" >&2; exit 4; }`;
    const manifest = { supportsMultipleExtensions: 'true' };
    managed.place(v1, 'a', 'install', { manifest, scripts: { enable: `${status}; ${tells}` } });
    const operation = { id: 'a', kind: 'install' } as const;
    managed.machine.host.store.put({
      name: extension,
      version: v1,
      resourceName: 'a',
      operation,
      sharing: [],
      phase: 'placed',
    });
    const part = (name: string, sequence: number): GoalExtension =>
      first({ resourceName: name, extensionName: name, operationId: name, sequence });
    const one = await managed.sealed(part('a', 1), 'old-hunter2');
    await managed.want(one);
    expect(managed.endOf('a')).toMatchObject({ state: 'Succeeded', protectedSettingsStored: true });
    await managed.want({ ...one, operationDone: true }, part('b', 2));
    expect(managed.endOf('b')).toMatchObject({ state: 'Failed', error: { message: withoutSecrets } });
    // What was delivered once is kept for as long as its resource is there.
    const again = { ...part('a', 3), operationId: 'a again', protectedSettings: { kind: 'delivered' } } as const;
    await managed.want(again, { ...part('b', 2), operationDone: true });
    expect(managed.endOf('a again')).toMatchObject({ state: 'Succeeded', protectedSettingsStored: true });
    const folder = join(managed.machine.host.paths.guestConfig, 'protected');
    const kept = (): readonly string[] => readdirSync(folder).filter((name) => /^[0-9a-f]{64}\./.test(name));
    expect(kept()).toHaveLength(1);
    const gone = { desired: 'absent', version: '', operationId: 'a gone', sequence: 4, settings: null } as const;
    await managed.want({ ...again, ...gone }, { ...part('b', 2), operationDone: true });
    expect(managed.endOf('a gone')).toMatchObject({ state: 'Succeeded' });
    expect(kept()).toHaveLength(0);
  });
});
