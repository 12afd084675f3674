/**
 * T84: the extension manager cut off at any moment, by a kill or by a loss of power, has the old or the new on its disk and never
 * a mixture, and arrives when it is started again. `npm run crash` does it at every call; here it is done at some of them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withoutNamelessFiles } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashMachine, leavesProcesses, type CrashMachine } from './crash-machine.ts';
import { crashOperation, crashOperations, ordered, type CrashOperationName } from './crash-operations.ts';
import { killedAt, startedOver } from './killed-at.ts';

let machine: CrashMachine;
/** Who asks for an fsync, and in which operation first. */
const syncs = new Map<string, CrashOperationName>();
beforeAll(async () => {
  machine = await crashMachine();
});
afterAll(() => machine[Symbol.dispose]());

const operations = Object.keys(crashOperations) as readonly CrashOperationName[];
/** So many of the disks that a cut leaves; `npm run crash` starts on all of them. */
const someDisks = 8;

describe.each(operations)('T84 %s', (operation) => {
  let calls = 0;

  test('cut off at any moment the disk is whole, what was told is still so, and it arrives when started again', async () => {
    const folder = machine.folderForDisks();
    await machine.reset(operation);
    const run = await machine.start(operation, { imagine: true, keepDisks: folder });
    expect(run?.end).toMatch(crashOperation(operation).end);
    expect(run?.violations).toEqual([]);
    expect(machine.leftovers()).toEqual([]);
    calls = run?.calls ?? 0;
    for (const where of run?.syncs ?? []) if (!syncs.has(where)) syncs.set(where, operation);
    const left = (run?.disks ?? []).map((disk, index) => ({ disk, path: join(folder, String(index + 1)) }));
    const usable = left.filter(({ disk }) => disk.by === 'loss of power' || !leavesProcesses(operation));
    expect(usable.length).toBeGreaterThan(someDisks);
    const every = Math.ceil(usable.length / someDisks);
    for (const { disk, path } of usable.filter((_one, index) => index % every === 0))
      expect(await startedOver(machine, operation, path, disk)).toEqual([]);
  });

  test('really killed in the middle, it arrives when it is started again', async () => {
    expect(calls).toBeGreaterThan(10);
    expect(await killedAt(machine, operation, Math.ceil(calls / 2))).toEqual([]);
  });
});

test('T10 T11 T84 killed between the acceptance of an order and its first step, it is done once, and nothing without signatures', async () => {
  const folder = machine.folderForDisks();
  await machine.reset('install');
  const run = await machine.start('install', { keepDisks: folder });
  const accepted = (run?.disks ?? []).find((_disk, index) =>
    existsSync(join(folder, String(index + 1), 'var/lib/GuestConfig/orders.json')),
  );
  await machine.reset('install');
  const dieAt = Number(/^before call (\d+)/.exec(accepted?.when ?? '')?.[1]);
  expect(await machine.start('install', { dieAt })).toBeUndefined();
  // It is accepted, and nothing was begun.
  expect([machine.acceptedOrders(), machine.look().states, machine.commands()]).toEqual([1, [], []]);
  // The centre brings it without its signatures, and then something else.
  for (const goal of [ordered('1.0.0', 2, 'missing'), ordered('2.0.0', 3, 'missing')])
    expect((await machine.start('install', { goal }))?.end).toBe('nothing');
  expect([machine.look().states, machine.commands()]).toEqual([[], []]);
  expect((await machine.start('install'))?.end).toBe('Succeeded');
  const once = ['install 2', 'enable 2'];
  expect([machine.look().states, machine.commands()]).toEqual([['1.0.0 enabled'], once]);
  // Once more, and what was signed before it.
  expect((await machine.start('install'))?.end).toBe('Succeeded');
  const older = await machine.start('install', { goal: ordered('1.0.0', 1) });
  expect(older?.end).toContain('Its number, 1, is not above 2');
  expect([machine.acceptedOrders(), machine.commands()]).toEqual([1, once]);
});

test('T35 T84 packages and outputs have no name to be left by; where the file system makes no such files, what is left is swept', async () => {
  await machine.reset('install');
  const folder = machine.folderForDisks();
  const run = await machine.start('install', { keepDisks: folder });
  expect(run?.disks.length).toBeGreaterThan(10);
  expect((run?.disks ?? []).flatMap((_disk, index) => downloadsIn(join(folder, String(index + 1))))).toEqual([]);
  await machine.reset('install');
  const named = machine.folderForDisks();
  const other = await machine.start('install', { keepDisks: named }, withoutNamelessFiles);
  expect([other?.end, machine.leftovers()]).toEqual(['Succeeded', []]);
  for (const kind of [/\.zip$/, /^stdout-\d+-install$/, /^stderr-\d+-enable$/]) {
    const left = (other?.disks ?? []).map((disk, index) => ({ disk, path: join(named, String(index + 1)) }));
    const one = left.find(({ path }) => downloadsIn(path).some((name) => kind.test(name)));
    if (one === undefined) throw new Error(`nothing is called ${kind.source}`);
    expect(await startedOver(machine, 'install', one.path, one.disk)).toEqual([]);
  }
});

function downloadsIn(disk: string): readonly string[] {
  const folder = join(disk, 'var/lib/GuestConfig/downloads');
  return existsSync(folder) ? readdirSync(folder) : [];
}

test('T84 every fsync is needed: with any one left out, a loss of power does harm', { timeout: 300_000 }, async () => {
  expect(syncs.size).toBeGreaterThan(8);
  const harmless: string[] = [];
  for (const [where, operation] of syncs) {
    const harms = (await isSeen(operation, where)) || (await isMissedByTheNextStart(operation, where));
    if (!harms) harmless.push(where);
  }
  expect(harmless).toEqual([]);
});

async function isSeen(operation: CrashOperationName, leaveOut: string): Promise<boolean> {
  await machine.reset(operation);
  const run = await machine.start(operation, { imagine: true, leaveOut });
  return (run?.violations.length ?? 0) > 0;
}

/**
 * What a look at the disk cannot tell: a version that was brought back is recorded as uninstalled, with its files in their place;
 * one that is being set aside is uninstalled too, with its files aside. That they are aside is on the disk only if the kernel
 * wrote it there in between.
 */
async function isMissedByTheNextStart(operation: CrashOperationName, leaveOut: string): Promise<boolean> {
  const folder = machine.folderForDisks();
  const writtenOut = 'renameSync of /var/lib/waagent/Contoso.Test.Thing-1.0.0';
  await machine.reset(operation);
  const run = await machine.start(operation, { imagine: true, keepDisks: folder, writtenOut, leaveOut });
  for (const [index, disk] of (run?.disks ?? []).entries()) {
    if (disk.by === 'kill' || !disk.when.endsWith('(nothing unsynced)')) continue;
    const problems = await startedOver(machine, operation, join(folder, String(index + 1)), disk);
    if (problems.length > 0) return true;
  }
  return false;
}
