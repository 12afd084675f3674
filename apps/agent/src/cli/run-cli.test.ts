import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testMachine } from '../config/machine.fixture.ts';
import { azcmCodes, exitCodeOf, type AzcmCode } from './azcm-error.ts';
import { call } from './call.fixture.ts';
import { commands } from './commands/index.ts';
import { commonOptions } from './common-options.ts';
import { nearest } from './nearest.ts';
import { printable } from './printable.ts';
import { runCli } from './run-cli.ts';

test('every command of the table is complete, named once, and can be loaded', async () => {
  const names = commands.map((command) => command.words.join(' '));
  expect(new Set(names).size).toBe(names.length);
  for (const command of commands) {
    const name = command.words.join(' ');
    expect(command.summary, name).toMatch(/^[A-Z].{10,}\.$/);
    expect(command.arguments[0], name).toBeLessThanOrEqual(command.arguments[1]);
    expect(command.usage.split(' ').filter((word) => word.startsWith('<')).length, name).toBe(command.arguments[0]);
    expect((await command.load()).run, name).toBeTypeOf('function');
    const options = [...commonOptions, ...command.options];
    const shorts = options.flatMap(({ short }) => (short === undefined ? [] : [short]));
    expect(new Set(options.map((option) => option.name)).size, name).toBe(options.length);
    expect(new Set(shorts).size, name).toBe(shorts.length);
    for (const option of options) expect(option.description, `${name} --${option.name}`).toMatch(/^[A-Z].{5,}\.$/);
  }
});

test('every error code is its exit code, within what azcmagent uses', () => {
  for (const code of Object.keys(azcmCodes) as AzcmCode[]) {
    expect(exitCodeOf(code), code).toBeGreaterThan(0);
    expect(exitCodeOf(code), code).toBeLessThanOrEqual(125);
  }
});

test('without a command, with help, and with --help the commands are shown', async () => {
  using machine = testMachine();
  const shown = await call(machine.environment);
  expect(shown.code).toBe(0);
  for (const command of commands)
    expect(shown.out).toContain(`  ${[...command.words, command.usage].join(' ').trim()}`);
  expect(await call(machine.environment, 'help')).toEqual(shown);
  expect(await call(machine.environment, '--help')).toEqual(shown);
});

test('help on a command, three ways, names its options and needs no arguments and no root', async () => {
  using machine = testMachine();
  const environment = { ...machine.environment, uid: machine.environment.uid + 1 };
  const shown = await call(environment, 'config', 'set', '--help');
  expect(shown.code).toBe(0);
  expect(shown.out).toContain('Usage: azcmagent config set <property> <value> [options]');
  expect(shown.out).toContain('-a, --add');
  expect(await call(environment, 'help', 'config', 'set')).toEqual(shown);
  expect(await call(environment, 'config', 'set', '-h', '-j')).toEqual(shown);
});

const errors: readonly (readonly [readonly string[], number, string])[] = [
  [['confg', 'list'], 101, "'confg' is not a command of azcmagent."],
  [['--jsn'], 101, "'--jsn' is not an option of azcmagent."],
  [['config'], 101, "'config' needs another word."],
  [['config', 'lst'], 101, 'Did you mean: azcmagent config list'],
  [['config', 'lst'], 101, "'config lst' is not a command"],
  [['CONFIG', 'list'], 101, 'is not a command'],
  [['config', 'list', '--jsn'], 101, "'--jsn' is not an option of azcmagent config list."],
  [['config', 'list', '--jsn'], 101, 'Did you mean: --json'],
  [['config', 'list', '-x'], 101, "'-x' is not an option"],
  [['config', 'list', '--config'], 16, 'argument missing'],
  [['config', 'list', '--json=yes'], 16, 'does not take an argument'],
  [['config', 'set'], 16, 'An argument is missing: azcmagent config set <property> <value>'],
  [['config', 'set', 'extensions.enabled'], 16, 'An argument is missing'],
  [['config', 'get'], 16, 'An argument is missing: azcmagent config get <property>'],
  [['config', 'get', 'config.mode', 'x'], 23, "'x' is one argument too many"],
  [['config', 'get', 'config.mod'], 23, 'Did you mean: config.mode'],
  [['config', 'get', 'nothing.like.it'], 23, 'Properties: incomingconnections.enabled, '],
  [['extension', 'explain'], 16, 'An argument is missing'],
  [
    ['extension', 'explain', 'Microsoft.Azure.Extensions.CustomScript'],
    23,
    'Did you mean: Microsoft.Azure.Extensions/CustomScript',
  ],
  [['extension', 'explain', 'nonsense'], 23, 'For example: '],
  [['extension', 'explain', 'a/b', 'instal'], 23, 'Did you mean: install'],
  [
    ['extension', 'explain', 'a/b', 'zzzzzzzz'],
    23,
    "'zzzzzzzz' is not an operation: install, update, upgrade, delete.",
  ],
];

for (const [args, code, text] of errors) {
  test(`azcmagent ${args.join(' ')} ends with ${code}: ${text}`, async () => {
    using machine = testMachine();
    const called = await call(machine.environment, ...args);
    expect(called.out).toContain(text);
    expect(called).toMatchObject({ code, err: '' });
    expect(called.out).toMatch(new RegExp(`^ERROR {3}AZCM${String(code).padStart(4, '0')}: `));
    if (args.some((arg) => arg.startsWith('--json='))) return;
    const json = await call(machine.environment, '--json', ...args);
    expect(json.code).toBe(code);
    expect(JSON.parse(json.out)).toEqual({
      status: 'error',
      error: {
        code: `AZCM${String(code).padStart(4, '0')}`,
        message: expect.any(String),
        recommendedActions: expect.any(Array),
      },
    });
  });
}

test('--log-stderr sends errors and progress to stderr; otherwise everything goes to stdout', async () => {
  using machine = testMachine();
  for (const args of [['confg'], ['-j', 'confg']]) {
    const called = await call(machine.environment, '--log-stderr', ...args);
    expect(called.out).toBe('');
    expect(called.err).toContain('AZCM0101');
  }
  await call(machine.environment, 'config', 'set', 'extensions.allowlist', 'a/b');
  const warned = await call(machine.environment, '--log-stderr', 'config', 'clear', 'extensions.allowlist');
  expect(warned.out).toBe('Config property extensions.allowlist cleared. Previous value: [a/b]\n');
  expect(warned.err).toMatch(/^WARN {4}The allowlist is now empty/);
});

test('AZCM0018 a command that needs the administrator changes nothing for anyone else', async () => {
  using machine = testMachine();
  for (const command of commands.filter((row) => row.administrator)) {
    const args = [...command.words, ...Array.from({ length: command.arguments[0] }, () => 'x')];
    const called = await call({ ...machine.environment, uid: machine.environment.uid + 1 }, ...args);
    expect(called.code, args.join(' ')).toBe(18);
    expect(called.out).toContain(
      `AZCM0018: azcmagent ${command.words.join(' ')} needs the administrator of this machine (root).`,
    );
  }
});

test('--verbose says what a code means', async () => {
  using machine = testMachine();
  const called = await call(machine.environment, 'config', 'get', 'x', '-v');
  expect(called.out).toContain(`AZCM0023 means: ${azcmCodes.AZCM0023}.`);
});

test('AZCM0011 what fails after Ctrl+C was canceled', async () => {
  using machine = testMachine();
  let out = '';
  const streams = { out: (text: string) => void (out += text), err: () => undefined };
  // A root that is a text of odd bytes: reading it fails in a way nobody foresaw.
  const environment = { ...machine.environment, root: '/a\u0000b' };
  expect(
    await runCli(['config', 'set', 'config.mode', 'full'], { ...environment, uid: 0 }, streams, AbortSignal.abort()),
  ).toBe(11);
  expect(out).toContain('AZCM0011: Canceled (Ctrl+C).');
  const unforeseen = await call({ ...environment, uid: 0 }, 'config', 'set', 'config.mode', 'full', '-v');
  expect(unforeseen.code).toBe(1);
  expect(unforeseen.out).toContain('AZCM0001: ');
});

test('--config FILE holds options, as JSON or line by line; the command line wins', async () => {
  using machine = testMachine();
  const file = join(machine.above, 'options');
  const listed = await call(machine.environment, 'config', 'list', '--json');
  for (const text of [
    '{"json": true, "verbose": false}',
    '# options\n---\njson: true\n',
    'json = "true"\nconfig: other',
  ]) {
    writeFileSync(file, text);
    expect(await call(machine.environment, 'config', 'list', '--config', file)).toEqual(listed);
  }
  const wrong: readonly (readonly [string, number, string])[] = [
    ['{"jsn": true}', 23, 'Did you mean: json'],
    ['{"zzzzzzzz": true}', 23, 'Keys are long option names'],
    ['{"json": "maybe"}', 23, "'json' in"],
    ['{"json": []}', 23, 'is not a text, a number, true or false'],
    ['{"json": tru', 23, 'begins like JSON and is not'],
    ['json\n', 23, 'Line 1 of'],
  ];
  for (const [text, code, message] of wrong) {
    writeFileSync(file, text);
    const called = await call(machine.environment, 'config', 'list', '--config', file);
    expect(called.out).toContain(message);
    expect(called.code).toBe(code);
  }
  expect(await call(machine.environment, '--config', `${file}.missing`, 'config', 'list')).toMatchObject({ code: 19 });
});

test('T80 nothing that is printed steers a terminal', async () => {
  using machine = testMachine();
  const hostile = 'a/b\u001b]0;owned\u0007\u202e\u009b31m\nERROR';
  for (const args of [
    [hostile],
    ['config', 'get', hostile],
    ['config', 'set', 'extensions.allowlist', hostile],
    ['extension', 'explain', hostile],
    ['config', 'list', `--${hostile}`],
  ]) {
    for (const json of [[], ['-j']]) {
      const called = await call(machine.environment, ...json, ...args);
      expect(called.code).toBeGreaterThan(0);
      expect(called.out + called.err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(called.out).not.toMatch(/^ERROR"?$/m);
    }
  }
  expect(printable('a\tb\u001b\ud800c\u{1f600}\u2028')).toBe('a\\u0009b\\u001b\\ud800c\u{1f600}\\u2028');
});

test('the nearest word is offered when it is near', () => {
  expect(nearest('extension.allowlist', ['extensions.allowlist', 'extensions.blocklist'])).toBe('extensions.allowlist');
  expect(nearest('LIST', ['list', 'get'])).toBe('list');
  expect(nearest('qqqqqq', ['list', 'get'])).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});
