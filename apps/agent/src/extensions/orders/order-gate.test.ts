/** Whole operations on a machine whose administrator wants them signed. The centre is the test: it says whatever it likes. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { HandlerVersion, OperationKind } from '@sallyport/model';
import { defaultControls, type ControlsReading, type Signers } from '@sallyport/local-controls';
import { digestOfText, orderedOperation, writeOrder, type Order } from '@sallyport/model/orders';
import type { GoalExtension, PresentedOrder } from '@sallyport/model/wire';
import { CompactEncrypt } from 'jose';
import { expect, test } from 'vitest';
import type { MachineKey } from '../../connection/machine-key.ts';
import { entry, extension, type TestMachine } from '../machine.fixture.ts';
import { managedMachine, type ManagedMachine } from '../managed-machine.fixture.ts';
import { v1, v2 } from '../plan/plan.fixture.ts';
import { AcceptedOrders } from './accepted-orders.ts';
import { orderGate } from './order-gate.ts';

const person = (name: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { name, key: String(publicKey.export({ format: 'jwk' }).x), privateKey };
};
const [alice, bob] = [person('alice'), person('bob')] as const;
type Person = typeof alice;

interface Guarded extends AsyncDisposable {
  readonly machine: ManagedMachine;
  /** What the administrator has set now. */
  require(signers: Signers): void;
  order(who: Person, wanted: GoalExtension, change?: Partial<Order>, sealed?: string): PresentedOrder;
  seal(wanted: GoalExtension, settings: Readonly<Record<string, unknown>>): Promise<string>;
  restart(): Promise<void>;
}

async function guarded(needed: number): Promise<Guarded> {
  let signers: Signers = { needed, signers: [alice, bob] };
  let machineKey: MachineKey | undefined;
  const reading = (): ControlsReading => ({
    kind: 'in-force',
    controls: { ...defaultControls, 'extensions.signers': signers },
    file: '/localconfig.json',
    generation: 1,
  });
  let host: TestMachine['host'] | undefined;
  const machine = await managedMachine({
    orders(key, path) {
      machineKey = key;
      const accepted = new AcceptedOrders(path, key.vmId);
      return orderGate({
        machine: 'srv1',
        machineKey: key,
        accepted,
        readControls: reading,
        installed: () => host?.store.list().extensions ?? [],
        now: () => Date.now(),
      });
    },
  });
  host = machine.machine.host;
  const key = (): MachineKey => {
    if (machineKey === undefined) throw new Error('there is no machine');
    return machineKey;
  };
  return {
    machine,
    require: (changed) => void (signers = changed),
    order(who, wanted, change = {}, sealed) {
      const order: Order = {
        operation: orderedOperation(key().vmId, wanted),
        protectedSettings:
          sealed === undefined ? { kind: 'none' } : { kind: 'sealed', sealedText: digestOfText(sealed) },
        notBefore: new Date(Date.now() - 60_000).toISOString(),
        notAfter: new Date(Date.now() + 600_000).toISOString(),
        ...change,
      };
      const text = writeOrder(order, (bytes) => sign(null, bytes, who.privateKey));
      return { signer: who.key, order: text, ...(sealed === undefined ? {} : { sealed }) };
    },
    seal: ({ resourceName, publisher, type, operationId, sequence }, settings) =>
      new CompactEncrypt(Buffer.from(JSON.stringify(settings)))
        .setProtectedHeader({
          alg: 'RSA-OAEP-256',
          enc: 'A256GCM',
          machineId: key().vmId,
          resourceName,
          extension: `${publisher}/${type}`.toLowerCase(),
          operationId,
          sequence,
        })
        .encrypt(createPublicKey(key().privateKey)),
    restart: () => machine.restart(),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}

const history = ({ machine }: Guarded): readonly string[] => machine.machine.history();
const end = ({ machine }: Guarded): string | undefined => {
  const told = machine.told();
  return told?.error?.code ?? told?.state;
};

test('T10 waits until enough have signed, says who is missing, and begins when they have', async () => {
  await using on = await guarded(2);
  const wanted = entry();
  on.machine.place(v2, 'wanted', 'install');
  await on.machine.want(wanted);
  await expect.poll(() => on.machine.stepNow('wanted')).toBe('awaiting-signatures');
  expect(on.machine.told()?.step?.message).toMatch(
    /^extensions\.signers in \/localconfig\.json wants what is done with Contoso\.Test\/Thing signed\. It needs the signatures of 2 of 2 signers: none is there, 2 of alice, bob are missing\. \(machine 'srv1'\)/,
  );
  await on.machine.want({ ...wanted, orders: [on.order(alice, wanted), on.order(alice, wanted)] });
  await expect.poll(() => on.machine.told()?.step?.message).toContain('alice signed, 1 of bob is missing');
  expect(history(on)).toEqual([]);
  await on.machine.want({ ...wanted, orders: [on.order(alice, wanted), on.order(bob, wanted)] });
  await expect.poll(() => end(on)).toBe('Succeeded');
  expect(history(on).map((line) => line.split(' ')[1])).toEqual(['install', 'enable']);
});

test('T10 T11 T12 nothing else begins on what was signed: other settings, another version, request, number or machine', async () => {
  await using on = await guarded(1);
  const wanted = entry();
  on.machine.place(v2, 'wanted', 'install');
  const orders = [on.order(alice, wanted)];
  const changes: readonly Partial<GoalExtension>[] = [
    { settings: { commandToExecute: 'evil' } },
    { settings: null },
    { version: '1.0.0' },
    { operationId: 'another' },
    { sequence: 9 },
    { resourceName: 'other' },
    { extensionName: 'thing' },
    { type: 'Else' },
    { desired: 'absent', version: '' },
    { operationDone: true },
    { protectedSettings: { kind: 'delivered' } },
    { protectedSettings: { kind: 'sealed', jwe: 'a.b.c.d.e' } },
  ];
  for (const change of changes) {
    const forged = { ...wanted, ...change };
    await on.machine.want({ ...forged, orders });
    // Not a step of it was begun: whatever was told of it is that it waits.
    expect([
      change,
      history(on),
      on.machine.states(forged.operationId).filter((state) => state !== 'Delivered'),
    ]).toEqual([change, [], []]);
  }
  const elsewhere = on.order(alice, wanted, { operation: orderedOperation('0a', wanted) });
  await on.machine.want({ ...wanted, orders: [elsewhere] });
  expect(history(on)).toEqual([]);
});

test('T10 T11 what ended badly is not begun again on the same signatures, also after a restart, and nothing before it', async () => {
  await using on = await guarded(1);
  const wanted = entry();
  on.machine.place(v2, 'wanted', 'install', { exits: { enable: 1 } });
  const orders = [on.order(alice, wanted)];
  await on.machine.want({ ...wanted, orders });
  await expect.poll(() => end(on)).toBe('HandlerEnableFailed');
  const before = history(on).length;
  // Left out, so that the machine forgets how it ended, and brought again.
  await on.machine.want();
  await on.restart();
  await on.machine.want({ ...wanted, orders });
  await expect.poll(() => end(on)).toBe('OperationNotSigned');
  const older = entry({ operationId: 'older', sequence: 7 });
  await on.machine.want({ ...older, orders: [on.order(alice, older)] });
  await expect.poll(() => on.machine.told()?.operationId).toBe('older');
  expect([end(on), history(on).length]).toEqual(['OperationNotSigned', before]);
  // A new request with new signatures does.
  const anew = entry({ operationId: 'anew', sequence: 9 });
  await on.machine.want({ ...anew, orders: [on.order(alice, anew)] });
  await expect.poll(() => history(on).length).toBeGreaterThan(before);
});

test('T10 one that is signed, and comes after one that is not, waits for signatures as long as that does, and follows it', async () => {
  await using on = await guarded(1);
  const first = entry({ resourceName: 'First', type: 'First', operationId: 'first', dependencyLevel: 0 });
  const second = entry({ dependencyLevel: 1, dependsOn: ['First'] });
  on.require('off');
  on.machine.place(v2, 'earlier', 'install');
  await on.machine.want(entry({ operationId: 'earlier', sequence: 6 }));
  await expect.poll(() => end(on)).toBe('Succeeded');
  on.require({ needed: 1, signers: [alice, bob] });
  on.machine.place(v2, 'first', 'install', { type: 'First' });
  const before = history(on);
  const signed = { ...second, orders: [on.order(alice, second)] };
  await on.machine.want(first, second);
  await expect.poll(() => on.machine.toldOf('thing')?.step?.message).toContain('1 of alice, bob is missing');
  await on.machine.want(first, signed);
  // With the step that gives it the time that people need, and not the 95 minutes of what waits for a machine.
  await expect
    .poll(() => on.machine.toldOf('thing')?.step)
    .toMatchObject({
      name: 'awaiting-signatures',
      message: expect.stringMatching(
        /^Waits for 'First', which has to come first and waits for signatures\. /,
      ) as string,
      limitSeconds: 48 * 60 * 60,
    });
  expect(history(on)).toEqual(before);
  await on.machine.want({ ...first, orders: [on.order(alice, first)] }, signed);
  await expect.poll(() => on.machine.toldOf('thing')?.state).toBe('Succeeded');
  expect(on.machine.stepNow('wanted')).not.toBe('awaiting-signatures');
  const after = history(on).slice(before.length);
  expect(after.map((line) => line.replace(/ seq.*/, ''))).toEqual([
    'First 2.0.0 install',
    'First 2.0.0 enable',
    '2.0.0 enable',
  ]);
});

test('T10 a removal needs signatures as well', async () => {
  await using on = await guarded(1);
  on.require('off');
  on.machine.place(v2, 'wanted', 'install');
  await on.machine.want(entry());
  await expect.poll(() => end(on)).toBe('Succeeded');
  on.require({ needed: 1, signers: [alice] });
  const removal = entry({ desired: 'absent', version: '', operationId: 'removal', sequence: 9, settings: null });
  await on.machine.want(removal);
  await expect.poll(() => on.machine.stepNow('removal')).toBe('awaiting-signatures');
  expect(on.machine.machine.state()).toBe('2.0.0 enabled');
  await on.machine.want({ ...removal, orders: [on.order(bob, removal)] });
  expect(on.machine.machine.state()).toBe('2.0.0 enabled');
  await on.machine.want({ ...removal, orders: [on.order(alice, removal)] });
  await expect.poll(() => on.machine.machine.state()).toBe('nothing');
});

test('T10 S1.7 protected settings are those that enough signers sealed themselves, or nothing is run', async () => {
  await using on = await guarded(2);
  const said = { commandToExecute: 'good' };
  const attempt = async (
    sequence: number,
    came: Readonly<Record<string, unknown>>,
    sealed: readonly Readonly<Record<string, unknown>>[],
  ): Promise<string | undefined> => {
    const plain = entry({ operationId: `op${sequence}`, sequence });
    on.machine.place(v2, plain.operationId, 'install');
    const wanted = { ...plain, protectedSettings: { kind: 'sealed', jwe: await on.seal(plain, came) } } as const;
    const orders = await Promise.all(
      sealed.map(async (one, at) => on.order([alice, bob][at] ?? alice, wanted, {}, await on.seal(plain, one))),
    );
    await on.machine.want({ ...wanted, orders });
    await expect.poll(() => on.machine.told()?.operationId).toBe(wanted.operationId);
    return end(on);
  };
  expect(await attempt(10, { commandToExecute: 'evil' }, [said, said])).toBe('OperationNotSigned');
  expect(on.machine.told()?.error?.message).toContain('are not those that alice, bob sealed');
  // One of two cannot choose alone what the other one did not see.
  expect(await attempt(11, { commandToExecute: 'evil' }, [{ commandToExecute: 'evil' }, said])).toBe(
    'OperationNotSigned',
  );
  expect(history(on)).toEqual([]);
  expect(await attempt(12, said, [said, said])).toBe('Succeeded');
  expect(history(on).length).toBeGreaterThan(0);
});

test('T10 whoever turns it on while something runs stops that at its next step', async () => {
  await using on = await guarded(1);
  on.require('off');
  on.machine.place(v2, 'wanted', 'install', { scripts: { install: 'sleep 0.5' } });
  on.machine.begin(entry());
  await expect.poll(() => history(on).length).toBe(1);
  on.require({ needed: 1, signers: [alice] });
  on.machine.controlsChanged();
  await on.machine.idle();
  await expect.poll(() => end(on)).toBe('OperationNotSigned');
  expect(history(on).length).toBe(1);
});

test('T10 S1.3 those who share a handler come along with one that was signed for, and not with one that was not', async () => {
  await using on = await guarded(1);
  const { machine } = on;
  const place = (version: HandlerVersion, id: string, kind: OperationKind): void => {
    const status = 'status="$dir/status/$ConfigExtensionName.$ConfigSequenceNumber.status"; report success 0 Done';
    const manifest = { supportsMultipleExtensions: 'true' };
    machine.place(version, id, kind, { manifest, scripts: { enable: status } });
    const record = { name: extension, version, resourceName: 'a', operation: { id, kind }, sharing: [] };
    machine.machine.host.store.put({ ...record, phase: 'placed' });
  };
  const part = (name: string, sequence: number, version: string): GoalExtension =>
    entry({ resourceName: name, extensionName: name, operationId: `${name} ${sequence}`, sequence, version });
  const over = (one: GoalExtension): GoalExtension => ({ ...one, operationDone: true });
  const commands = (): readonly string[] =>
    machine.machine.history().map((line) => line.split(' ').slice(0, 2).join(' '));
  place(v1, 'a 1', 'install');
  const [a, b] = [part('a', 1, v1), part('b', 2, v1)] as const;
  await machine.want({ ...a, orders: [on.order(alice, a)] });
  await expect.poll(() => machine.toldOf('a')?.state).toBe('Succeeded');
  await machine.want(over(a), { ...b, orders: [on.order(alice, b)] });
  await expect.poll(() => machine.toldOf('b')?.state).toBe('Succeeded');
  const before = commands();
  expect(before).toEqual(['1.0.0 install', '1.0.0 enable', '1.0.0 enable']);
  // The centre says that both have another version by now, and that it is over.
  await machine.want(over({ ...a, version: v2 }), over({ ...b, version: v2 }));
  expect(commands()).toEqual(before);
  const upgrade = part('a', 3, v2);
  place(v2, 'a 3', 'upgrade');
  await machine.want({ ...upgrade, orders: [on.order(alice, upgrade)] }, over({ ...b, version: v2 }));
  await expect.poll(() => commands().filter((line) => line === '2.0.0 enable').length).toBe(2);
});
