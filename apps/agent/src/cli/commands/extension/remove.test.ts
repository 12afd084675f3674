/** `azcmagent extension remove` and `list` on a machine whose records a newer agent wrote (S2.3, T84). The rest runs as a whole system. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownExtension } from '@sallyport/local-controls';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { testMachine, type TestMachine } from '../../../config/machine.fixture.ts';
import { extensionStore } from '../../../extensions/state/extension-store.ts';
import { agentPaths } from '../../../platform/paths.ts';
import { call } from '../../call.fixture.ts';

const version = parseHandlerVersion('1.0.0') as HandlerVersion;

/** Records of three extensions of which nothing was run yet, the last of them as a newer agent would write it. Gives their files. */
function machineWith(machine: TestMachine, types: readonly string[]): readonly string[] {
  const { extensionLogs } = agentPaths(machine.environment.root);
  return types.map((type) => {
    const name = knownExtension(`Contoso.Test/${type}`);
    const operation = { id: type, kind: 'install' } as const;
    extensionStore(extensionLogs).put({ name, version, resourceName: `the ${type}`, phase: 'placed', operation });
    return join(extensionLogs, `Contoso.Test.${type}-1.0.0/state.json`);
  });
}

function rewrite(file: string, change: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...change });
  writeFileSync(file, text);
  return text;
}

const failure = { state: 'Failed', code: 'HandlerBewitched', message: 'It was bewitched.', disabledBefore: false };

test('S2.3 T84 what failed with a code of a newer agent is listed with its reason, and removed', async () => {
  using machine = testMachine();
  const [file = ''] = machineWith(machine, ['One']);
  rewrite(file, { failure });
  expect((await call(machine.environment, 'extension', 'list')).out).toContain('Failed: It was bewitched.\n');
  expect(await call(machine.environment, 'extension', 'remove', '--name', 'the One')).toMatchObject({ code: 0 });
  expect(existsSync(file)).toBe(false);
});

test('S2.3 T84 of what is in a state of a newer agent nothing is removed, which is said; the others go', async () => {
  using machine = testMachine();
  const [one = '', two = '', three = ''] = machineWith(machine, ['One', 'Two', 'Three']);
  const text = rewrite(three, { phase: 'half-placed' });
  const list = await call(machine.environment, 'extension', 'list');
  expect(list.out).toContain(`A record of an extension cannot be read: ${three} is malformed at 'phase'`);
  for (const name of ['contoso.test/three', 'Contoso.Test.Three', 'three']) {
    const { code, out } = await call(machine.environment, 'extension', 'remove', '--name', name);
    expect([name, code]).toEqual([name, 1]);
    expect(out).toContain(
      `How far Contoso.Test.Three 1.0.0 has come cannot be read, so it was not removed: ${three} is`,
    );
    expect(out).toContain('install that version again');
  }
  expect(existsSync(one)).toBe(true);
  expect(await call(machine.environment, 'extension', 'remove', '--name', 'one')).toMatchObject({ code: 0 });
  const all = await call(machine.environment, 'extension', 'remove', '--all');
  expect(all.code).toBe(1);
  expect(all.out).toContain('How far Contoso.Test.Three 1.0.0 has come');
  expect([one, two, three].map((file) => existsSync(file))).toEqual([false, false, true]);
  expect(readFileSync(three, 'utf8')).toBe(text);
  expect((await call(machine.environment, 'extension', 'list')).out).not.toContain('There are no extensions');
});

test('T84 of an extension with two versions, one of them in a state of a newer agent, neither is removed', async () => {
  using machine = testMachine();
  const [one = ''] = machineWith(machine, ['One']);
  const { extensionLogs } = agentPaths(machine.environment.root);
  const [earlier] = extensionStore(extensionLogs).list().extensions;
  if (earlier === undefined) throw new Error('there is no record');
  extensionStore(extensionLogs).put({ ...earlier, version: parseHandlerVersion('0.9.0') as HandlerVersion });
  rewrite(one, { format: 2 });
  for (const choice of [['--name', 'the One'], ['--name', 'One'], ['--all']]) {
    const { code, out } = await call(machine.environment, 'extension', 'remove', ...choice);
    expect([choice, code]).toEqual([choice, 1]);
    expect(out).toContain(`${one} was written by a newer version of the agent (format 2`);
  }
  expect(extensionStore(extensionLogs).list()).toMatchObject({ extensions: [{ version: '0.9.0' }], unreadable: [{}] });
});
