/**
 * The agent was set back to this version, and finds words in its files that only a newer one knows (T84, T85). A word that is only told is
 * told on; one that decides is not guessed at, and nothing of what stands there is lost. Real files, real commands, the real manager.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlerDirectoryName } from '@sallyport/handler-contract';
import { handlerName, parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { memoryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { entry, extension } from './machine.fixture.ts';
import { managedMachine, type HandlerBehaviour, type ManagedMachine } from './managed-machine.fixture.ts';
import type { Hosting } from './plan/hosting.ts';
import { Journal } from './state/journal.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];

const first = (change: Partial<GoalExtension> = {}): GoalExtension =>
  entry({ version: v1, operationId: 'first', sequence: 7, settings: { say: 'old' }, ...change });
const removal = entry({ desired: 'absent', version: '', operationId: 'removal', sequence: 9, settings: null });
const another = entry({ resourceName: 'Else', type: 'Else', version: v1, operationId: 'another' });

type Json = Record<string, unknown>;

/** Version 1 works; of version 2 there is a tree, and a record as `change` leaves it. */
async function setBack(
  change: (record: Json) => void,
  hosting: () => Hosting = () => 'on',
  behaviour: HandlerBehaviour = {},
): Promise<{ readonly managed: ManagedMachine; readonly file: string }> {
  const managed = await managedMachine({ hosting });
  managed.place(v1, 'first', 'install', behaviour);
  await managed.want(first());
  managed.place(v2, 'second', 'upgrade');
  const { paths } = managed.machine.host;
  const file = join(paths.extensionLogs, handlerDirectoryName(handlerName(extension), v2), 'state.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as Json;
  change(record);
  writeFileSync(file, JSON.stringify(record));
  return { managed, file };
}

/** As an upgrade that failed in its update command leaves it. */
const failure = { state: 'Failed', code: 'HandlerUpdateFailed', message: 'It broke.', disabledBefore: true };

const codeOfLater = (record: Json): void => {
  record['failure'] = { ...failure, code: 'HandlerBewitched', explanation: explanationOfLater };
};
const explanationOfLater = { outcome: 'ponder', rule: 'of-later', message: 'It was pondered.' };

test('T85 an upgrade that failed with a code of a newer agent is taken back, and told with that code', async () => {
  const { managed } = await setBack(codeOfLater);
  await using _over = managed;
  await managed.restart();
  await managed.want(entry({ operationId: 'second' }));
  expect(managed.told()).toMatchObject({
    operationId: 'second',
    state: 'Failed',
    error: { code: 'HandlerBewitched', message: expect.stringContaining('Rolled back to 1.0.0') as string },
    explanation: explanationOfLater,
    rolledBackTo: v1,
  });
  expect(managed.machine.state()).toBe('1.0.0 enabled');
});

test('S2.3 what failed with a code of a newer agent can be deleted', async () => {
  const { managed } = await setBack(codeOfLater);
  await using _over = managed;
  await managed.want(removal);
  expect(managed.told()).toMatchObject({ operationId: 'removal', state: 'Succeeded' });
  expect(managed.machine.state()).toBe('nothing');
});

/** Each decides what is done next. */
const deciding: readonly (readonly [what: string, change: (record: Json) => void, word: RegExp])[] = [
  ['phase', (record) => (record['phase'] = 'half-placed'), /malformed at 'phase'/],
  ['kind of operation', (record) => (record['operation'] = { id: 'second', kind: 'ponder' }), /at 'operation.kind'/],
  ['state of a failed upgrade', (record) => (record['failure'] = { ...failure, state: 'Lost' }), /at 'failure.state'/],
  ['comeback', (record) => (record['comeback'] = { kind: 'pondered' }), /at 'comeback/],
  ['format', (record) => (record['format'] = 2), /written by a newer version of the agent \(format 2/],
];

test.each(deciding)(
  'T84 a record with a %s of a newer agent: nothing is done with the extension, the request is answered, the record stays',
  async (_what, change, word) => {
    const { managed, file } = await setBack(change);
    await using _over = managed;
    const before = readFileSync(file, 'utf8');
    const ran = managed.machine.history().length;
    managed.machine.startAnew();
    await managed.restart();
    managed.place(v1, 'another', 'install', { type: 'Else' });
    for (const asked of [entry({ operationId: 'third', version: v1, sequence: 8 }), removal]) {
      await managed.want(asked, another);
      const { error, state, version } = managed.toldOf('thing') ?? {};
      expect({ code: error?.code, state, version }).toEqual({ code: 'RecordUnreadable', state: 'Failed', version: v1 });
      expect(error?.message).toMatch(word);
      expect(error?.message).toContain(file);
    }
    expect(managed.toldOf('Else')).toMatchObject({ operationId: 'another', state: 'Succeeded' });
    expect(
      managed.machine
        .history()
        .slice(ran)
        .filter((line) => !line.startsWith('Else')),
    ).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe(before);

    // The version that knows the word is back: nothing was lost.
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(before) as Json), ...known }));
    await managed.want({ ...removal, operationId: 'removal once more' }, { ...another, operationDone: true });
    expect(managed.toldOf('thing')).toMatchObject({ operationId: 'removal once more', state: 'Succeeded' });
    expect(existsSync(file)).toBe(false);
  },
);

const known = {
  format: 1,
  phase: 'placed',
  operation: { id: 'second', kind: 'upgrade' },
  failure,
  comeback: undefined,
};

test('S4.11 what is hosted is stopped with the manager all the same, and does not come back while nothing is known', async () => {
  let hosting: Hosting = 'on';
  const { managed } = await setBack(
    (record) => (record['phase'] = 'half-placed'),
    () => hosting,
    { scripts: { enable: 'sleep 1000 & ' } },
  );
  await using _over = managed;
  for (const word of ['off', 'on'] as const) {
    hosting = word;
    managed.controlsChanged();
    await managed.idle();
    expect(managed.machine.state()).toBe('1.0.0 installed');
  }
});

test('T84 how an operation ended in a word of a newer agent is kept, and the operation is not begun again', async () => {
  const managed = await managedMachine();
  await using _over = managed;
  managed.place(v1, 'first', 'install');
  await managed.want(first());
  const path = join(managed.machine.host.paths.guestConfig, 'operations.json');
  managed.journal.settle();
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { operations: { thing: { report: Json; sent: boolean } } };
  const { thing } = journal.operations;
  thing.report['operationId'] = 'second';
  thing.report['state'] = 'Postponed';
  thing.report['pondered'] = true;
  thing.sent = true;
  writeFileSync(path, JSON.stringify(journal));
  await managed.restart();
  const ran = managed.machine.history().length;
  managed.place(v1, 'another', 'install', { type: 'Else' });
  await managed.want(first({ operationId: 'second', sequence: 8 }), another);
  expect(
    managed.machine
      .history()
      .slice(ran)
      .filter((line) => !line.startsWith('Else')),
  ).toEqual([]);
  const { operations } = JSON.parse(readFileSync(path, 'utf8')) as { operations: Record<string, unknown> };
  expect(operations['thing']).toEqual(thing);
  expect(Object.keys(operations)).toEqual(['thing', 'else']);

  // The next request is another operation.
  await managed.want(first({ operationId: 'third', sequence: 9 }), another);
  expect(managed.toldOf('thing')).toMatchObject({ operationId: 'third', state: 'Succeeded' });
});

test('T84 a journal of a newer format is refused as a whole, with one sentence, and left as it is', () => {
  using directory = memoryDirectory('journal');
  const path = join(directory.path, 'newer.json');
  const text = JSON.stringify({ format: 2, ended: [] });
  writeFileSync(path, text);
  expect(() => new Journal(path)).toThrow(
    `${path} was written by a newer version of the agent (format 2; this one reads format 1). Install that version again; the file was left as it is.`,
  );
  expect(readFileSync(path, 'utf8')).toBe(text);
  writeFileSync(path, JSON.stringify({ format: 1, operations: { thing: { sent: true } } }));
  expect(() => new Journal(path)).toThrow(/newer\.json, of 'thing', is malformed at 'report'/);
});

/** What a newer control plane may ask in words of its own. */
const newer: readonly (readonly [what: string, request: Json])[] = [
  ['what is wanted', { ...entry({ operationId: 'later' }), desired: 'paused' }],
  ['the kind of protected settings', { ...entry({ operationId: 'later' }), protectedSettings: { kind: 'elsewhere' } }],
  ['the name within its handler', { ...entry({ operationId: 'later' }), extensionName: 'über' }],
];

test.each(newer)(
  'T84 a request of a newer control plane that is not understood (%s) is answered by itself, and others go on',
  async (_what, request) => {
    const managed = await managedMachine();
    await using _over = managed;
    managed.place(v1, 'first', 'install');
    await managed.hear(first());
    managed.place(v1, 'another', 'install', { type: 'Else' });
    const ran = managed.machine.history().length;
    const waiting = { ...entry({ resourceName: 'More', type: 'More', operationId: 'more' }), dependencyLevel: 1 };
    await managed.hear(request, { ...another, ofLater: true }, { ...waiting, dependsOn: ['thing'] });
    expect(managed.toldOf('thing')).toMatchObject({
      operationId: 'later',
      state: 'Failed',
      version: v1,
      protectedSettingsStored: false,
      error: {
        code: 'RequestNotUnderstood',
        message: expect.stringMatching(
          /^This version of the agent .* 'thing', so nothing was done\. The request is malformed at '/,
        ) as string,
      },
    });
    expect(managed.toldOf('Else')).toMatchObject({ operationId: 'another', state: 'Succeeded' });
    expect(managed.toldOf('More')).toMatchObject({ operationId: 'more', error: { code: 'DependencyFailed' } });
    expect(
      managed.machine
        .history()
        .slice(ran)
        .every((line) => line.startsWith('Else')),
    ).toBe(true);
    const told = managed.countOf('later');
    await managed.hear(request);
    await managed.hear({ ...request, operationId: 'still later', operationDone: true });
    expect([managed.countOf('later'), managed.countOf('still later')]).toEqual([told, 0]);
  },
);

test('T84 an operation that is under way is not ended because its request has a new word', async () => {
  const managed = await managedMachine();
  await using _over = managed;
  managed.place(v1, 'first', 'install', { scripts: { enable: 'sleep 1' } });
  managed.begin(first());
  await managed.hear({ ...first(), desired: 'paused' });
  expect(managed.told()).toMatchObject({ operationId: 'first', state: 'Succeeded' });
  expect(managed.states('first')).not.toContain('Failed');
});

test('T84 a request that is not understood is told with no version where another extension is all there is', async () => {
  const managed = await managedMachine();
  await using _over = managed;
  managed.place(v1, 'another', 'install', { type: 'Else' });
  await managed.hear({ ...entry({ operationId: 'later' }), desired: 'paused' }, another);
  expect(managed.toldOf('thing')).toMatchObject({ operationId: 'later', version: '' });
  expect(managed.toldOf('Else')).toMatchObject({ operationId: 'another', state: 'Succeeded' });
});
