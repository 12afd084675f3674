import { OperationFailure } from '@sallyport/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHandlerCommand } from './handler-command.ts';
import { findManifest, parseHandlerManifest } from './handler-manifest.ts';
import { member } from './bounded-json.ts';

const commands = {
  installCommand: 'bin/shim install',
  uninstallCommand: './bin/shim uninstall',
  updateCommand: '/bin/shim update',
  enableCommand: 'enable.sh',
  disableCommand: 'bin/shim \'two words\' "x y"z',
};
const written = (body: Readonly<Record<string, unknown>>, more = ''): string =>
  `${more}${JSON.stringify([{ version: 1.0, handlerManifest: { ...commands, ...body } }])}`;
const reason = (text: string): string => {
  try {
    parseHandlerManifest(text);
  } catch (error) {
    if (error instanceof OperationFailure && error.code === 'ManifestMalformed') return error.message;
    throw error;
  }
  throw new Error('accepted');
};

describe('S1.3 manifests are read with the quirks of the real ones', () => {
  test('commands: relative to the handler, a leading slash or ./ stripped, arguments kept', () => {
    const manifest = parseHandlerManifest(written({}));
    expect(manifest.commands).toEqual({
      install: { line: 'bin/shim install', program: 'bin/shim', arguments: ['install'] },
      uninstall: { line: 'bin/shim uninstall', program: 'bin/shim', arguments: ['uninstall'] },
      update: { line: 'bin/shim update', program: 'bin/shim', arguments: ['update'] },
      enable: { line: 'enable.sh', program: 'enable.sh', arguments: [] },
      disable: { line: commands.disableCommand, program: 'bin/shim', arguments: ['two words', 'x yz'] },
    });
  });

  // From the manifests of Linux extensions in public repositories: programs, scripts, shims with an interpreter's script behind.
  test.each([
    ['agent.py -install', 'agent.py', ['-install']],
    ['./handler.py -enable', 'handler.py', ['-enable']],
    ['./shim.sh -install', 'shim.sh', ['-install']],
    ['main/handle.py -update', 'main/handle.py', ['-update']],
    ['main/handle.sh install', 'main/handle.sh', ['install']],
    ['extension_noop.sh', 'extension_noop.sh', []],
    ['extension_shim.sh -c ./vmaccess.py  -e', 'extension_shim.sh', ['-c', './vmaccess.py', '-e']],
    ['extension_shim.sh -c main/handle.py --enable', 'extension_shim.sh', ['-c', 'main/handle.py', '--enable']],
    ['bin/custom-script-shim enable', 'bin/custom-script-shim', ['enable']],
    ['./installer.sh uninstall', 'installer.sh', ['uninstall']],
    ['./uninstall.py', 'uninstall.py', []],
  ])("'%s' is read as the real packages mean it", (line, program, words) => {
    const result = parseHandlerCommand(line);
    expect(result).toMatchObject({ ok: true, command: { program, arguments: words } });
  });

  test('what is absent has its default; unknown keys are ignored', () => {
    const body = {
      resetStateCommand: 'x',
      supportsPolicy: true,
      supportMultipleExtensions: true,
      rebootAfterInstall: 'false',
    };
    expect(parseHandlerManifest(written(body))).toMatchObject({
      updateMode: 'UpdateWithInstall',
      continueOnUpdateFailure: false,
      reportHeartbeat: false,
      supportsMultipleExtensions: false,
    });
  });

  test.each([
    [true, true],
    ['true', true],
    ['TRUE', true],
    [false, false],
    ['false', false],
    ['yes', false],
    [1, false],
    [null, false],
  ])('the boolean %j counts as %j', (value, expected) => {
    const manifest = parseHandlerManifest(
      written({ continueOnUpdateFailure: value, reportHeartbeat: value, supportsMultipleExtensions: value }),
    );
    expect(manifest.continueOnUpdateFailure).toBe(expected);
    expect(manifest.reportHeartbeat).toBe(expected);
    expect(manifest.supportsMultipleExtensions).toBe(expected);
  });

  test.each([
    ['updatewithinstall', 'UpdateWithInstall'],
    ['UpdateWithInstall', 'UpdateWithInstall'],
    ['UpdateWithoutInstall', 'UpdateWithoutInstall'],
    ['anything', 'UpdateWithoutInstall'],
    [null, 'UpdateWithInstall'],
  ])('updateMode %j means %s', (value, expected) => {
    expect(parseHandlerManifest(written({ updateMode: value })).updateMode).toBe(expected);
  });

  test('a byte order mark in front is dropped, the first of several elements counts', () => {
    expect(parseHandlerManifest(written({}, '\ufeff')).commands.enable.program).toBe('enable.sh');
    const two = `[${written({}).slice(1, -1)}, {"handlerManifest": null}]`;
    expect(parseHandlerManifest(two).commands.enable.program).toBe('enable.sh');
  });

  test('the manifest nearest to the root is the one', () => {
    expect(findManifest(['a/b/HandlerManifest.json', 'z/HandlerManifest.json', 'x'])).toBe('z/HandlerManifest.json');
    expect(findManifest(['a/HandlerManifest.json', 'HandlerManifest.json'])).toBe('HandlerManifest.json');
    expect(findManifest(['b/HandlerManifest.json', 'a/HandlerManifest.json'])).toBe('a/HandlerManifest.json');
    expect(findManifest(['NotHandlerManifest.json', 'handlermanifest.json'])).toBeUndefined();
  });
});

describe('a manifest that cannot be used is refused, naming file and reason', () => {
  test.each([
    ['', 'it is not JSON'],
    ['{}', 'it is not an array'],
    ['[]', "no object 'handlerManifest'"],
    ['[1]', "no object 'handlerManifest'"],
    ['[{"handlerManifest": []}]', "no object 'handlerManifest'"],
    ['[{"handlerManifest": {}}\u200b\u200b]', 'it is not JSON'],
    [written({ enableCommand: undefined }), "'handlerManifest.enableCommand' is missing or not text"],
    [written({ updateCommand: 7 }), "'handlerManifest.updateCommand' is missing or not text"],
    [written({ disableCommand: '  ' }), "'handlerManifest.disableCommand' cannot be run: it is empty"],
  ])('%j', (text, why) => {
    expect(reason(text)).toContain('HandlerManifest.json is malformed: ');
    expect(reason(text)).toContain(why);
  });

  test('T41 too large, or nested too deep, before anything walks it', () => {
    expect(reason(written({ note: 'x'.repeat(300_000) }))).toContain('longer than 262144');
    expect(reason('['.repeat(100_000))).toContain('deeper than 32');
    expect(reason(written({ note: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown }))).toContain(
      'deeper than 32',
    );
    expect(parseHandlerManifest(written({ note: '[[[['.repeat(100) })).updateMode).toBe('UpdateWithInstall');
    expect(parseHandlerManifest(written({ note: Array.from({ length: 100 }, () => [{}]) })).updateMode).toBe(
      'UpdateWithInstall',
    );
    expect(parseHandlerManifest(written({ note: `\\"${'['.repeat(100)}` })).updateMode).toBe('UpdateWithInstall');
  });

  test('T41 what stands behind __proto__ never counts', () => {
    const text = `[{"handlerManifest": {"__proto__": ${JSON.stringify(commands)}}}]`;
    expect(reason(text)).toContain("'handlerManifest.installCommand' is missing");
    expect(reason(`[{"__proto__": {"handlerManifest": ${JSON.stringify(commands)}}}]`)).toContain(
      "no object 'handlerManifest'",
    );
    expect(Object.hasOwn(Object.prototype, 'installCommand')).toBe(false);
    // Nor does what lies behind an object in any other way.
    expect(member(Object.create({ a: 1 }), 'a')).toBeUndefined();
    expect(member({}, 'toString')).toBeUndefined();
  });

  test('T42 nothing in a command reaches a shell, and its program stays in the package', () => {
    for (const line of [
      'x; y',
      'x && y',
      'x | y',
      '$(x)',
      '`x`',
      'x > y',
      'x $HOME',
      'x\ny',
      'x *',
      'x \\y',
      '~/x',
      'x\0',
      'x\u001b',
    ]) {
      expect(reason(written({ enableCommand: line })), line).toContain(
        "'handlerManifest.enableCommand' cannot be run: it holds",
      );
    }
    for (const line of ['../x', 'bin/../../x', 'a/..', '"/usr/bin/env" x']) {
      expect(reason(written({ enableCommand: line })), line).toContain('is outside the package');
    }
    expect(reason(written({ enableCommand: 'x "y' }))).toContain('its quotation marks do not match');
    expect(reason(written({ enableCommand: `x ${'y'.repeat(5000)}` }))).toContain('longer than 4096');
  });

  test('T42 whatever is accepted is made of words that were there, and reading never fails otherwise', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '/', '.', ' ', '"', "'", ';', '$', '-', '\n') }), (text) => {
        const result = parseHandlerCommand(text);
        if (!result.ok) return;
        const { program, arguments: words } = result.command;
        const quiet = (value: string): string => value.replace(/["'\s]/g, '');
        expect(program.startsWith('/')).toBe(false);
        expect(program.split('/')).not.toContain('..');
        expect(quiet([program, ...words].join(''))).toBe(quiet(text.trim().replace(/^(?:\.?\/+)+/, '')));
      }),
      { numRuns: 3000 },
    );
  });
});
