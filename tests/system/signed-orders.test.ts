/**
 * A server whose administrator wants operations signed: first with an honest control plane and the operators' own tool, then with one
 * that an attacker has, with every key of it and everything that operators ever signed (T10).
 */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { orderedOperation, writeOrder } from '@sallyport/model/orders';
import type { GoalExtension, GoalState, PresentedOrder } from '@sallyport/model/wire';
import { digestOfOperation } from '@sallyport/local-controls';
import { hasSoftwareTokens, makeSoftwareToken, shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publisher, startSystem, type TestSystem } from './harness.ts';
import { runProgram } from './processes.ts';

const patience = { timeout: 30_000 };
let system: TestSystem;
/** Every entry that operators had signed when it was sent. */
const signed: GoalExtension[] = [];
let forge: ((honest: GoalState) => readonly GoalExtension[]) | undefined;
let generation = 1_000_000;
let told = 0;
let vmId = '';
let signers = '';

beforeAll(async () => {
  system = await startSystem('signed');
  for (const [type, version] of [
    ['Thing', '1.0.0'],
    ['Thing', '2.0.0'],
    ['Other', '1.0.0'],
    ['Token', '1.0.0'],
  ] as const)
    await system.publish(type, version, noting(type, version));
  const place = { resourceGroup: 'fortress', machineName: system.machine, agentRoot: system.root };
  writeFileSync(join(system.folder, 'operator.json'), JSON.stringify({ ...system.operator, ...place }), {
    mode: 0o600,
  });
  writeFileSync(join(system.folder, 'passphrase'), 'five random words of mine\n', { mode: 0o600 });
  const alice = await sallyport('order', 'key', 'create', '--keys', join(system.folder, 'alice'), '--unsealed');
  const bob = await sallyport('order', 'key', 'create', ...key('bob'));
  signers = `2 of alice=${alice.trim()},bob=${bob.trim()}`;
  await require(signers);
  vmId = String((JSON.parse((await system.azcmagent('show', '--json')).output) as { readonly vmId: unknown }).vmId);
  system.carrier.tamper = (path, body) => {
    if (!path.endsWith('/goal-state')) return body;
    const honest = JSON.parse(body.toString()) as GoalState;
    signed.push(...honest.extensions.filter(({ orders = [] }) => orders.length === 2));
    if (forge === undefined) return body;
    told = generation;
    return Buffer.from(JSON.stringify({ ...honest, generation, extensions: [...forge(honest)] }));
  };
  await system.startAgent();
}, 120_000);
afterAll(async () => system.stop());

/** Notes each command, and what it was told in protected settings. */
function noting(type: string, version: string): ReturnType<typeof shellHandler> {
  const note = (command: string): string => `echo "${type} ${version} ${command}" >> "${join(system.folder, 'ran')}"`;
  return shellHandler({
    install: note('install'),
    enable: `${note('enable')}; report success 0 'Done'`,
    update: note('update'),
    disable: note('disable'),
    uninstall: note('uninstall'),
  });
}

function ran(): readonly string[] {
  const path = join(system.folder, 'ran');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

async function require(those: string): Promise<void> {
  const { code, output } = await system.azcmagent('config', 'set', 'extensions.signers', those);
  if (code !== 0) throw new Error(output);
}

const key = (name: string): readonly string[] => [
  '--keys',
  join(system.folder, name),
  ...(name === 'bob' ? ['--passphrase-file', join(system.folder, 'passphrase')] : []),
];

async function sallyport(...args: readonly string[]): Promise<string> {
  const connection = args[1] === 'key' ? [] : ['--connection', join(system.folder, 'operator.json')];
  const { code, output } = await runProgram('cli', [...args, ...connection]);
  if (code !== 0) throw new Error(output);
  return output;
}

interface Explained {
  readonly operationId: string;
  readonly message: string;
  readonly step?: { readonly name: string; readonly message: string };
}

async function explained(resource: string): Promise<Explained | undefined> {
  const path = `${system.extensionPath(resource)}/providers/Sallyport.Explain/operations?api-version=2026-11-01`;
  return ((await system.client.arm('GET', path)).json() as { readonly value: readonly Explained[] }).value[0];
}

async function waitsFor(resource: string, what: string): Promise<void> {
  await expect.poll(async () => (await explained(resource))?.step?.message ?? '', patience).toContain(what);
}

/** What `order show` prints, without another process. */
async function digestOf(resource: string): Promise<string> {
  const machine = system.extensionPath(resource).replace(/\/extensions\/.*$/, '');
  const path = `${machine}/providers/Sallyport.Orders/orders?api-version=2026-11-01`;
  const { value } = (await system.client.arm('GET', path)).json() as { readonly value: readonly GoalExtension[] };
  const found = value.find(({ resourceName }) => resourceName === resource);
  if (found === undefined) throw new Error(`Nothing is under way on '${resource}'.`);
  return digestOfOperation(orderedOperation(vmId, found));
}

async function signAs(name: string, resource: string, ...more: readonly string[]): Promise<string> {
  return sallyport('order', 'sign', resource, ...key(name), '--expect', await digestOf(resource), ...more);
}

describe('T10 a server that wants signatures', () => {
  test('installs what two operators have signed, and nothing before; everybody is told what it waits for', async () => {
    const end = await system.ask('PUT', 'thing', { type: 'Thing', settings: { word: 'signed' } });
    await waitsFor('thing', 'needs the signatures of 2 of 2 signers: none is there, 2 of alice, bob are missing');
    const shown = JSON.stringify(await system.get(system.extensionPath('thing')));
    expect(shown).toContain('Sallyport/Step/awaiting-signatures');
    const full = await sallyport('order', 'show', 'thing');
    for (const fact of [vmId, 'Contoso.Test/Thing', 'version 1.0.0', '{"word":"signed"}']) expect(full).toContain(fact);
    expect(full).toContain(await digestOf('thing'));
    // Nobody is there to ask, another thing was expected, or it is another machine: not signed.
    const refused = [
      [[], 'ConfirmationMissing'],
      [['--expect', 'f'.repeat(64)], 'OrderDiffers'],
      [['--vm-id', randomUUID()], 'MachineDiffers'],
    ] as const;
    await Promise.all(
      refused.map(([args, code]) =>
        expect(sallyport('order', 'sign', 'thing', ...key('alice'), ...args)).rejects.toThrow(code),
      ),
    );
    await signAs('alice', 'thing', '--vm-id', vmId);
    await waitsFor('thing', 'alice signed, 1 of bob is missing');
    expect(ran()).toEqual([]);
    await signAs('bob', 'thing');
    expect(await end()).toMatchObject({ status: 'Succeeded' });
    expect(ran()).toEqual(['Thing 1.0.0 install', 'Thing 1.0.0 enable']);
    expect(await sallyport('machine', 'controls', '--vm-id', vmId)).toMatch(/extensions\.signers +2 of alice=/);
    const values = `/subscriptions/${system.operator.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
    const filter = encodeURIComponent("eventTimestamp ge '2020-01-01T00:00:00Z'");
    const events = await system.client.arm('GET', `${values}?api-version=2015-04-01&$filter=${filter}`);
    expect(events.text).toContain('Sallyport.Orders/orders/sign/action');
  }, 60_000);

  test('S1.7 takes protected settings that both sealed themselves', async () => {
    const protectedSettings = { password: 'correct horse' };
    const file = join(system.folder, 'protected.json');
    writeFileSync(file, JSON.stringify(protectedSettings), { mode: 0o600 });
    const end = await system.ask('PUT', 'thing', { type: 'Thing', settings: { word: 'again' }, protectedSettings });
    await waitsFor('thing', 'none is there');
    await Promise.all([
      expect(signAs('alice', 'thing')).rejects.toThrow('ProtectedSettingsMissing'),
      ...['alice', 'bob'].map((name) => signAs(name, 'thing', '--protected-settings', file)),
    ]);
    expect(await end()).toMatchObject({ status: 'Succeeded' });
    expect(ran().at(-1)).toBe('Thing 1.0.0 enable');
    expect(JSON.parse(await sallyport('order', 'list', '--output', 'json'))).toEqual([]);
  }, 60_000);

  test('the control plane refuses what could not count on the server, and carries it no further', async () => {
    const end = await system.ask('PUT', 'thing', { type: 'Thing', settings: { word: 'refused' } });
    await waitsFor('thing', 'none is there');
    const [old] = signed;
    const [order] = old?.orders ?? [];
    const orders = `${system.extensionPath('thing').replace(/\/extensions\/.*$/, '')}/providers/Sallyport.Orders/orders`;
    const operationId = (await explained('thing'))?.operationId ?? '';
    const post = async (id: string, body: unknown): Promise<string> => {
      const answer = await system.client.arm('POST', `${orders}/${id}/sign?api-version=2026-11-01`, body);
      return `${answer.status} ${answer.text}`;
    };
    for (const [id, body, refusal] of [
      [operationId, {}, "400 .*The body has to have 'signer'"],
      [operationId, { ...order, signer: 'x' }, "400 .*The body has to have 'signer'"],
      [operationId, { ...order, sealed: 'x'.repeat(600_000) }, "400 .*The body has to have 'signer'"],
      [operationId, order, '400 .*it is for something else than what is under way'],
      [operationId, { ...order, order: `${order?.order.slice(0, -4)}AAAA` }, '400 .*its signature is not right'],
      [randomUUID(), order, '404 .*No operation'],
      [old?.operationId ?? '', order, '404 .*No operation'],
    ] as const)
      expect(await post(id, body)).toMatch(new RegExp(`^${refusal}`));
    await system.client.arm('POST', `${system.extensionPath('thing')}/cancel?api-version=2024-07-10`);
    expect(await end()).toMatchObject({ status: 'Canceled' });
  }, 60_000);

  test('removes nothing either without them, and a canceled request is over', async () => {
    const end = await system.ask('DELETE', 'thing');
    await waitsFor('thing', 'none is there');
    const { output } = await system.azcmagent('extension', 'explain', `${publisher}/Thing`, 'delete');
    expect(output).toContain('waits for the signatures of 2 of alice, bob (extensions.signers)');
    await system.client.arm('POST', `${system.extensionPath('thing')}/cancel?api-version=2024-07-10`);
    expect(await end()).toMatchObject({ status: 'Canceled' });
    expect(ran().filter((line) => /disable|uninstall/.test(line))).toEqual([]);
  }, 60_000);

  test.skipIf(!hasSoftwareTokens())(
    'T75 does what was signed with a key on a token, and a token that is away signs nothing',
    async () => {
      const description = join(system.folder, 'signer.json');
      const program = join(import.meta.dirname, '../../packages/catalog/bin/sallyport-token-sign');
      const token = makeSoftwareToken(system.folder, program);
      writeFileSync(description, token.description);
      const carol = (await sallyport('order', 'key', 'create', ...key('carol'), '--signer', description)).trim();
      await require(`1 of carol=${carol}`);
      const end = await system.ask('PUT', 'token', { type: 'Token' });
      await waitsFor('token', 'none is there, 1 of carol is missing');
      token.takeAway();
      await expect(signAs('carol', 'token')).rejects.toThrow('SignerFailed');
      expect((await explained('token'))?.step?.message).toContain('none is there');
      token.bringBack();
      await signAs('carol', 'token');
      expect(await end()).toMatchObject({ status: 'Succeeded' });
      expect(ran().slice(-2)).toEqual(['Token 1.0.0 install', 'Token 1.0.0 enable']);
      await require(signers);
    },
    60_000,
  );
});

function log(): string {
  return readFileSync(join(system.root, 'var/lib/GuestConfig/ext_mgr_logs/gc_ext.log'), 'utf8');
}

function entry(type: string, more: Partial<GoalExtension> = {}): GoalExtension {
  return {
    resourceName: type.toLowerCase(),
    publisher,
    type,
    desired: 'present',
    version: '1.0.0',
    operationId: randomUUID(),
    operationDone: false,
    sequence: generation,
    settings: {},
    protectedSettings: { kind: 'none' },
    packageUrls: [],
    ...more,
  };
}

/** Says it to the machine, with something beside it of which the log tells when the machine has looked at all of it. */
async function say(...forged: readonly GoalExtension[]): Promise<void> {
  const last = entry('Other', { resourceName: 'bell' });
  generation += 1;
  forge = () => [...forged, last];
  await expect.poll(() => told, patience).toBe(generation);
  await expect.poll(() => log().includes(last.operationId), patience).toBe(true);
}

describe('T10 a control plane in the hands of an attacker who has all of its keys', () => {
  test('T11 T12 cannot make run anything that is unsigned, altered, replayed, or signed for something else', async () => {
    const before = ran();
    const begun = log().length;
    system.carrier.instead = (path) =>
      path.endsWith('/heartbeat') ? Buffer.from(JSON.stringify({ generation })) : undefined;
    // The honest one holds a heartbeat still: this ends it.
    await system.ask('PUT', 'ring', { type: 'Other' });
    const mine = generateKeyPairSync('ed25519');
    const signer = String(mine.publicKey.export({ format: 'jwk' }).x);
    const bySelf = (about: GoalExtension, as = signer): PresentedOrder => ({
      signer: as,
      order: writeOrder(
        {
          operation: orderedOperation(vmId, about),
          protectedSettings: { kind: 'none' },
          notBefore: '2020-01-01T00:00:00Z',
          notAfter: '2100-01-01T00:00:00Z',
        },
        (bytes) => sign(null, bytes, mine.privateKey),
      ),
    });
    const [first] = signed;
    const last = signed.at(-1);
    if (first === undefined || last === undefined) throw new Error('Nothing was signed.');
    const keys = first.orders?.map((one) => one.signer) ?? [];
    expect(first.sequence).toBeLessThan(last.sequence);

    await say();
    // What only the attacker has signed, in one name, in many, and in those of the operators.
    const own = entry('Thing', { version: '2.0.0' });
    await say({ ...own, orders: [bySelf(own), bySelf(own)] });
    await say({ ...own, orders: keys.map((as) => bySelf(own, as)) });
    await say({ ...own, orders: [...(last.orders ?? []), bySelf(own)] });
    // What operators signed, as it was, the older one and the newest, also after the machine was told of nothing.
    await say(first);
    await say();
    await say(last);
    // And with anything else than they signed.
    const changes: readonly Partial<GoalExtension>[] = [
      { operationId: randomUUID() },
      { sequence: last.sequence + 1 },
      { operationId: randomUUID(), sequence: generation },
      { version: '2.0.0' },
      { settings: { commandToExecute: 'evil' } },
      { settings: { commandToExecute: 'evil' }, operationDone: true },
      { version: '2.0.0', operationDone: true },
      { protectedSettings: { kind: 'none' }, operationDone: true, sequence: last.sequence + 1 },
      { resourceName: 'another', type: 'Other' },
      { desired: 'absent', version: '' },
      { desired: 'absent', version: '', operationId: randomUUID(), sequence: generation, operationDone: true },
      { orders: last.orders?.slice(0, 1) ?? [], sequence: last.sequence + 2 },
    ];
    for (const change of changes) await say({ ...last, ...change });
    const steps = [
      ...log()
        .slice(begun)
        .matchAll(/"operation begins".*"steps":"([^"]*)"/g),
    ].map((found) => found[1]);
    // Of what was signed and done it may be asked again how it is. Nothing is run for that.
    expect([ran(), steps.filter((some) => some !== 'await-status')]).toEqual([before, []]);
    expect(log().slice(begun)).toContain('waits for signatures');
  }, 120_000);

  test('S2.3 the administrator of the server removes it all the same, without anybody', async () => {
    await system.stopAgents();
    const removed = await system.azcmagent('extension', 'remove', '--name', 'Thing');
    expect([removed.output, ran().at(-1)]).toEqual([expect.any(String), 'Thing 1.0.0 uninstall']);
  }, 60_000);
});
