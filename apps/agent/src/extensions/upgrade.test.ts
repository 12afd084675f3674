/**
 * The update sequence of the handler contract (§4), one row for each edge case, with real commands; and what Sallyport adds to
 * it: an upgrade that fails goes back to the version before, and says so (T85).
 */
import { readdirSync } from 'node:fs';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { ExtensionReport } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import { entry } from './machine.fixture.ts';
import { fileOf, managedMachine, type HandlerBehaviour, type ManagedMachine } from './managed-machine.fixture.ts';

const [v1, v2, v3] = ['1.0.0', '2.0.0', '3.0.0'].map((text) => parseHandlerVersion(text)) as [
  HandlerVersion,
  HandlerVersion,
  HandlerVersion,
];

const first = (version: HandlerVersion): ReturnType<typeof entry> =>
  entry({ version, operationId: 'first', sequence: 7, settings: { say: 'old' } });
const second = (version: HandlerVersion): ReturnType<typeof entry> =>
  entry({ version, operationId: 'second', sequence: 8, settings: { say: 'new' } });

/** A machine on which `from` works with the settings of sequence 7. */
async function machineWith(from: HandlerVersion, behaviour: HandlerBehaviour): Promise<ManagedMachine> {
  const managed = await managedMachine();
  managed.place(from, 'first', 'install', behaviour);
  await managed.want(first(from));
  expect(managed.told()).toMatchObject({ operationId: 'first', state: 'Succeeded', version: from });
  return managed;
}

/** What was run since the version before was installed. */
function sinceThen(managed: ManagedMachine): readonly string[] {
  return managed.machine.history().slice(2);
}

interface Row {
  readonly from?: HandlerVersion;
  readonly old?: HandlerBehaviour;
  readonly new?: HandlerBehaviour;
  readonly commands: readonly string[];
  readonly end: Partial<ExtensionReport>;
  /** In the message of the error. */
  readonly words?: readonly (string | RegExp)[];
  readonly state: string;
}

const without = { updateMode: 'UpdateWithoutInstall' };
const continuing = { continueOnUpdateFailure: true };
const disabled = '1.0.0 disable seq=8 version=1.0.0';
const updated = (code: string): string =>
  `2.0.0 update seq=8 to=2.0.0 from=1.0.0 disabled=${code} there=1.0.0 2.0.0 mrseq=7`;
const uninstalled = '1.0.0 uninstall seq=8 path=1.0.0';
const succeeded = { state: 'Succeeded', version: '2.0.0' } as const;
/** The commands by which version 1.0.0 comes back, with the settings it had. */
const enabledAgain = '1.0.0 enable seq=7 uninstalled=NOT_RUN say=old';
const installedAgain = ['1.0.0 install seq=7 uninstalled=NOT_RUN', enabledAgain];
const rolledBack = (code: string): Partial<ExtensionReport> => ({
  state: 'Failed',
  version: '1.0.0',
  rolledBackTo: '1.0.0',
  error: expect.objectContaining({ code }) as ExtensionReport['error'],
});
const back = 'Rolled back to 1.0.0, with the settings it had.';

const table: Readonly<Record<string, Row>> = {
  'the sequence': {
    commands: [
      disabled,
      updated('0'),
      uninstalled,
      '2.0.0 install seq=8 uninstalled=0',
      '2.0.0 enable seq=8 uninstalled=0 say=new',
    ],
    end: succeeded,
    state: '2.0.0 enabled',
  },
  'updateMode without install': {
    new: { manifest: without },
    commands: [disabled, updated('0'), uninstalled, '2.0.0 enable seq=8 uninstalled=0 say=new'],
    end: succeeded,
    state: '2.0.0 enabled',
  },
  'updateMode in another case': {
    new: { manifest: { updateMode: 'updatewithinstall' } },
    commands: [
      disabled,
      updated('0'),
      uninstalled,
      '2.0.0 install seq=8 uninstalled=0',
      '2.0.0 enable seq=8 uninstalled=0 say=new',
    ],
    end: succeeded,
    state: '2.0.0 enabled',
  },
  'disable of the old fails: it ends, and the old is enabled again': {
    old: { exits: { disable: 7 } },
    commands: [disabled, enabledAgain],
    end: rolledBack('HandlerUpdateFailed'),
    words: [
      /^Non-zero exit code: 7, .*bin\/disable\.sh/,
      '; ContinueOnUpdate: False',
      'Step: disabling-previous',
      back,
    ],
    state: '1.0.0 enabled',
  },
  'disable of the old fails, the new goes on': {
    old: { exits: { disable: 7 } },
    new: { manifest: { continueOnUpdateFailure: 'TRUE', ...without } },
    commands: [disabled, updated('7'), uninstalled, '2.0.0 enable seq=8 uninstalled=0 say=new'],
    end: succeeded,
    state: '2.0.0 enabled',
  },
  'only the flag of the new counts': {
    old: { exits: { disable: 7 }, manifest: continuing },
    commands: [disabled, enabledAgain],
    end: rolledBack('HandlerUpdateFailed'),
    words: [back],
    state: '1.0.0 enabled',
  },
  'update fails, whatever the flag says': {
    new: { exits: { update: 5 }, manifest: continuing },
    commands: [disabled, updated('0'), enabledAgain],
    end: rolledBack('HandlerUpdateFailed'),
    words: [/^Non-zero exit code: 5, .*bin\/update\.sh/, 'Step: updating', back],
    state: '1.0.0 enabled',
  },
  'uninstall of the old fails: it ends, and the old is installed again': {
    old: { exits: { uninstall: 5 } },
    commands: [disabled, updated('0'), uninstalled, '2.0.0 uninstall seq=7 path=2.0.0', ...installedAgain],
    end: rolledBack('HandlerUpdateFailed'),
    words: [/^Non-zero exit code: 5, .*bin\/uninstall\.sh/, '; ContinueOnUpdate: False', back],
    state: '1.0.0 enabled',
  },
  'uninstall of the old fails, the new goes on': {
    old: { exits: { uninstall: 5 } },
    new: { manifest: continuing },
    commands: [
      disabled,
      updated('0'),
      uninstalled,
      '2.0.0 install seq=8 uninstalled=5',
      '2.0.0 enable seq=8 uninstalled=5 say=new',
    ],
    end: succeeded,
    state: '2.0.0 enabled',
  },
  'install fails': {
    new: { exits: { install: 3 } },
    commands: [
      disabled,
      updated('0'),
      uninstalled,
      '2.0.0 install seq=8 uninstalled=0',
      '2.0.0 uninstall seq=7 path=2.0.0',
      ...installedAgain,
    ],
    end: rolledBack('HandlerInstallFailed'),
    words: [/^Non-zero exit code: 3, .*bin\/install\.sh/, back],
    state: '1.0.0 enabled',
  },
  'enable fails': {
    new: { exits: { enable: 9, uninstall: 4 }, manifest: without },
    commands: [
      disabled,
      updated('0'),
      uninstalled,
      '2.0.0 enable seq=8 uninstalled=0 say=new',
      '2.0.0 uninstall seq=7 path=2.0.0',
      ...installedAgain,
    ],
    end: rolledBack('HandlerEnableFailed'),
    words: [/^Non-zero exit code: 9, .*bin\/enable\.sh/, back],
    state: '1.0.0 enabled',
  },
  'the new says that it does not work': {
    new: { scripts: { enable: "report error 12 'No licence'" }, exits: { disable: 6 }, manifest: without },
    commands: [
      disabled,
      updated('0'),
      uninstalled,
      '2.0.0 enable seq=8 uninstalled=0 say=new',
      '2.0.0 disable seq=7 version=2.0.0',
      '2.0.0 uninstall seq=7 path=2.0.0',
      ...installedAgain,
    ],
    end: rolledBack('HandlerEnableFailed'),
    words: ['No licence', back],
    state: '1.0.0 enabled',
  },
  'the way back fails as well': {
    old: { scripts: { install: '[ "$(grep -c "^1.0.0 install" "$history")" = 1 ] || exit 8' } },
    new: { exits: { install: 3 } },
    commands: [
      disabled,
      updated('0'),
      uninstalled,
      '2.0.0 install seq=8 uninstalled=0',
      '2.0.0 uninstall seq=7 path=2.0.0',
      '1.0.0 install seq=7 uninstalled=NOT_RUN',
    ],
    end: {
      state: 'Failed',
      version: '',
      error: expect.objectContaining({ code: 'HandlerInstallFailed' }) as ExtensionReport['error'],
    },
    words: [
      /^Non-zero exit code: 3/,
      /Rolling back to 1\.0\.0 failed as well: Non-zero exit code: 8/,
      'Now neither 1.0.0 nor 2.0.0 is installed.',
    ],
    state: '1.0.0 uninstalled',
  },
  'the way back comes to its enable only': {
    old: { scripts: { enable: '[ "$(grep -c "^1.0.0 enable" "$history")" = 1 ] || exit 8' } },
    new: { exits: { update: 3 } },
    commands: [disabled, updated('0'), enabledAgain],
    end: {
      state: 'Failed',
      version: '1.0.0',
      error: expect.objectContaining({ code: 'HandlerUpdateFailed' }) as ExtensionReport['error'],
    },
    words: [/Rolling back to 1\.0\.0 failed as well: Non-zero exit code: 8/, '1.0.0 is installed, and is not enabled'],
    state: '1.0.0 installed',
  },
  'a downgrade runs the update command of the higher version, told the lower one twice': {
    from: v3,
    commands: [
      '3.0.0 disable seq=8 version=3.0.0',
      '3.0.0 update seq=8 to=2.0.0 from=2.0.0 disabled=0 there=2.0.0 3.0.0 mrseq=7',
      '3.0.0 uninstall seq=8 path=3.0.0',
      '2.0.0 install seq=8 uninstalled=0',
      '2.0.0 enable seq=8 uninstalled=0 say=new',
    ],
    end: succeeded,
    state: '2.0.0 enabled',
  },
  'a downgrade that fails goes back up': {
    from: v3,
    old: { exits: { update: 5 } },
    commands: [
      '3.0.0 disable seq=8 version=3.0.0',
      '3.0.0 update seq=8 to=2.0.0 from=2.0.0 disabled=0 there=2.0.0 3.0.0 mrseq=7',
      '3.0.0 enable seq=7 uninstalled=NOT_RUN say=old',
    ],
    end: { state: 'Failed', version: '3.0.0', rolledBackTo: '3.0.0' },
    words: ['Rolled back to 3.0.0, with the settings it had.'],
    state: '3.0.0 enabled',
  },
};

describe('handler contract §4', () => {
  test.each(Object.entries(table))('S1.3 T85 %s', async (_case, row) => {
    const from = row.from ?? v1;
    await using managed = await machineWith(from, row.old ?? {});
    managed.place(v2, 'second', 'upgrade', row.new);
    await managed.want(second(v2));
    expect(sinceThen(managed)).toEqual(row.commands);
    const told = managed.told();
    expect(told).toMatchObject({ operationId: 'second', ...row.end });
    if (row.end.rolledBackTo === undefined) expect(told).not.toHaveProperty('rolledBackTo');
    for (const words of row.words ?? []) expect(told?.error?.message).toMatch(words);
    expect(managed.machine.state()).toBe(row.state);
    // Nothing is tried again by itself, and nothing is left beside what is there.
    await managed.restart();
    await managed.want(second(v2));
    expect(sinceThen(managed)).toEqual(row.commands);
    const { handlers } = managed.machine.host.paths;
    const left = `Contoso.Test.Thing-${row.state.split(' ')[0] ?? ''}`;
    expect(readdirSync(handlers).filter((name) => name !== 'events')).toEqual([left]);
  });
});

describe('what goes along', () => {
  test('mrseq and status files, and of the settings only those that are wanted', async () => {
    await using managed = await machineWith(v1, {});
    managed.place(v2, 'second', 'upgrade', { manifest: without });
    await managed.want(second(v2));
    expect(fileOf(managed.machine, v2, 'status/7.status')).toContain('"success"');
    const { handlers } = managed.machine.host.paths;
    expect(
      readdirSync(`${handlers}/Contoso.Test.Thing-2.0.0/config`).filter((name) => name.endsWith('.settings')),
    ).toEqual(['8.settings']);
  });

  test('the sequence that a version came back with is the one it had', async () => {
    await using managed = await machineWith(v1, {});
    managed.place(v2, 'second', 'upgrade', { exits: { enable: 1 } });
    await managed.want(second(v2));
    expect(fileOf(managed.machine, v1, 'mrseq')).toBe('7\n');
    // The centre goes back to what it wanted before: nothing is left to do.
    const count = managed.machine.history().length;
    await managed.want({ ...first(v1), operationDone: true });
    expect(managed.machine.history()).toHaveLength(count);
    // Asked again, it begins anew, and the version before is disabled anew.
    managed.place(v2, 'third', 'upgrade', { manifest: without });
    await managed.want(entry({ version: v2, operationId: 'third', sequence: 9 }));
    expect(managed.told()).toMatchObject({ operationId: 'third', state: 'Succeeded', version: '2.0.0' });
  });

  test.each([
    ['a pipe', 'rm "$dir/mrseq"; mkfifo "$dir/mrseq"'],
    ['a link', 'ln -sf /etc/hostname "$dir/mrseq"'],
    ['a folder', 'rm "$dir/mrseq"; mkdir "$dir/mrseq"'],
    ['nothing', 'rm "$dir/mrseq"'],
  ])('T57 instead of mrseq there is %s: it stays behind', async (_what, disable) => {
    await using managed = await machineWith(v1, { scripts: { disable } });
    managed.place(v2, 'second', 'upgrade', { manifest: without, scripts: { enable: 'true' } });
    await managed.want(second(v2));
    expect(sinceThen(managed)[1]).toMatch(/mrseq=$/);
    expect(managed.told()).toMatchObject({ state: 'Succeeded' });
  });
});
