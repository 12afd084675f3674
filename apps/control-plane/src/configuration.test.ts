import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { helpText, readCommandLine } from './command-line.ts';
import { configurationSchema, settingNames } from './configuration.ts';

describe('the command line and its settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const path = join(folder, `${Math.random()}.json`);
    writeFileSync(path, content);
    return path;
  };
  const start = (...flags: readonly string[]): readonly string[] => ['start', '--state', '/s', '--port', '0', ...flags];
  const read = (argv: readonly string[], variables: Readonly<Record<string, string>> = {}): unknown => {
    const command = readCommandLine(argv, variables);
    if (command.kind === 'help') return 'help';
    return 'options' in command ? command.options : command.configuration;
  };

  test('every setting has a flag, a variable, a key of the file, and its line in help and reference', () => {
    expect(Object.keys(settingNames).sort()).toEqual(Object.keys(configurationSchema.def.shape).sort());
    const reference = readFileSync(join(import.meta.dirname, '../../../docs/reference/control-plane.md'), 'utf8');
    for (const [key, { flag, variable }] of Object.entries(settingNames)) {
      for (const name of [`--${flag}`, variable]) expect(helpText()).toContain(name);
      for (const name of [`--${flag}`, variable, `\`${key}\``]) expect(reference, name).toContain(name);
    }
  });

  test('flags win over the environment, the environment over the file, the file over defaults', () => {
    const config = file('{"host":"from-file","port":1,"logLevel":"warn"}');
    expect(
      read(['start', '--config', config, '--state=/flag'], {
        SALLYPORT_HOST: 'from-env',
        SALLYPORT_STATE: '/env',
        PATH: '/bin',
      }),
    ).toEqual({
      state: '/flag',
      host: 'from-env',
      identityProviders: [],
      port: 1,
      logLevel: 'warn',
      pageSize: 200,
      readsPerSecond: 500,
      writesPerSecond: 200,
      overloadMilliseconds: 2000,
      outboundAllow: [],
      activityLogDays: 0,
      drainSeconds: 0,
      metricsHost: '127.0.0.1',
    });
    // The operator's own variable may be set in the same shell.
    expect(readCommandLine(start('--check'), { SALLYPORT_CONNECTION: '/c' }).kind).toBe('check');
    expect(readCommandLine(start('--check'), {}).kind).toBe('check');
    expect(read(['--help'])).toBe('help');
    expect(read([])).toBe('help');
  });

  test.each([
    [start('--prot', '1'), {}, '--prot'],
    [start('--port', '1'), {}, '--port is given twice'],
    [['start', '--port', '1'], {}, '--state is missing'],
    [['start', '--state', '/s'], {}, '--port is missing'],
    [['start', '--state', '/s', '--port', '70000'], {}, 'The value of --port cannot be used'],
    [['start', '--state', '/s', '--port', 'http'], {}, 'The value of --port cannot be used'],
    [start('--host'), {}, '--host needs a value'],
    [start('port'), {}, "'port' is not a flag"],
    [['stop'], {}, "no command 'stop'"],
    [start('--public-url', 'http://x'), {}, 'https://host[:port]'],
    [start(), { SALLYPORT_PROT: '1' }, "'SALLYPORT_PROT'"],
    [start(), { SALLYPORT_PAGE_SIZE: '0' }, "'SALLYPORT_PAGE_SIZE'"],
    [start('--config', '/nowhere.json'), {}, '/nowhere.json'],
    [
      start('--metrics-port', '70000'),
      {},
      'The value of --metrics-port cannot be used: give a whole number from 0 to 65535.',
    ],
    [start('--traces-url', 'ftp://x'), {}, 'http://host:4318/v1/traces'],
    [start('--traces-url', 'http://user:secret@host/v1/traces'), {}, 'without a name, a password or a query'],
    [start('--log-level', 'loud'), {}, 'give info, warn or error'],
    [start('--drain-seconds', '1.5'), {}, 'a whole number from 0 to 600'],
    [start('--store', 'mysql://h/d'), {}, 'The value of --store cannot be used'],
    [start('--store', 'postgres://u:secret@localhost/d'), {}, 'every user of this machine can read it'],
    [start('--store-password-file', '/nowhere'), {}, 'has no use without --store'],
    [start('--store', 'postgres://u@localhost/d', '--store-password-file', '/nowhere'), {}, "'/nowhere' (ENOENT)"],
  ])('%j %j is refused', (argv, variables, sentence) => {
    expect(() => read(argv, variables as Record<string, string>)).toThrow(sentence);
  });

  test('everything that is wrong is told at once, a sentence each, and no value is repeated', () => {
    const config = file('{"port":"canary-1","prot":2,"gallery":""}');
    let message = '';
    try {
      read(['start', '--config', config, '--page-size', 'canary-2'], {
        SALLYPORT_LOG_LEVEL: 'canary-3',
        SALLYPORT_X: '1',
      });
    } catch (error) {
      message = (error as Error).message;
    }
    const lines = message.split('\n');
    expect(lines).toHaveLength(7);
    for (const line of lines) expect(line).toMatch(/^[A-Z-].*\.$/);
    for (const place of [
      `'port' in '${config}'`,
      `'prot' in '${config}'`,
      `'gallery' in`,
      '--page-size',
      "'SALLYPORT_LOG_LEVEL'",
      "'SALLYPORT_X'",
      '--state is missing',
    ]) {
      expect(message).toContain(place);
    }
    expect(message).not.toContain('canary');
  });

  test.each(['{"prot":1}', '[]', '{', '{"__proto__":1,"x":2}', '{"toString":1}'])(
    'a file with %s is refused',
    (content) => {
      expect(() => read(start('--config', file(content)))).toThrow(/setting|JSON|cannot be read/);
    },
  );
});
