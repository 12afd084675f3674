import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandFailureMessage, handlerStatusMessage, redactSignatures } from './command-failure.ts';
import { decodeOutput, formatOutput, outputLimit } from './command-output.ts';
import { handlerCommandEnvironment } from './handler-command-environment.ts';
import { handlerCommandLine, handlerCommandSeconds } from './handler-command.ts';

const version = (text: string): HandlerVersion => {
  const parsed = parseHandlerVersion(text);
  if (parsed === undefined) throw new Error(`'${text}' is not a version`);
  return parsed;
};
const bytes = (text: string): Buffer => Buffer.from(text);

describe('S1.3 T58 the environment of a command is built from empty', () => {
  const context = { directory: '/d', version: version('1.2'), sequence: 3 };
  const always = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    AZURE_GUEST_AGENT_EXTENSION_PATH: '/d',
    AZURE_GUEST_AGENT_EXTENSION_VERSION: '1.2',
    AZURE_GUEST_AGENT_WIRE_PROTOCOL_ADDRESS: '168.63.129.16',
    AZURE_GUEST_AGENT_EXTENSION_SUPPORTED_FEATURES: '[{"Key": "ExtensionTelemetryPipeline", "Value": "1.0"}]',
    ConfigSequenceNumber: '3',
  };

  test('disable and uninstall get what every command gets', () => {
    expect(handlerCommandEnvironment({ ...context, call: { command: 'disable' } })).toEqual(always);
    expect(handlerCommandEnvironment({ ...context, call: { command: 'uninstall' } })).toEqual(always);
  });

  test('install and enable are told how the uninstall before them went', () => {
    for (const command of ['install', 'enable'] as const) {
      const after = (uninstallExitCode: number | undefined): unknown =>
        handlerCommandEnvironment({ ...context, call: { command, uninstallExitCode } });
      expect(after(undefined)).toEqual({ ...always, AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE: 'NOT_RUN' });
      expect(after(0)).toEqual({ ...always, AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE: '0' });
    }
  });

  test('update is told both versions and how the disable before it went', () => {
    const call = { command: 'update', newVersion: version('2.0'), fromVersion: version('1.0') } as const;
    const update = { ...always, VERSION: '2.0', AZURE_GUEST_AGENT_UPDATING_FROM_VERSION: '1.0' };
    expect(handlerCommandEnvironment({ ...context, call: { ...call, disableExitCode: 7 } })).toEqual({
      ...update,
      AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE: '7',
    });
    expect(handlerCommandEnvironment({ ...context, call: { ...call, disableExitCode: undefined } })).toEqual({
      ...update,
      AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE: 'None',
    });
  });

  test('with several extensions each call names its own, and update is told how each was disabled', () => {
    const named = { ...context, extensionName: 'first' };
    const expected = { ...always, ConfigExtensionName: 'first' };
    expect(handlerCommandEnvironment({ ...named, call: { command: 'disable' } })).toEqual(expected);
    const disableExitCode = [
      { extensionName: 'first', exitCode: 0 },
      { extensionName: 'second', exitCode: undefined },
    ];
    const versions = { newVersion: version('2.0'), fromVersion: version('1.0') } as const;
    expect(handlerCommandEnvironment({ ...named, call: { command: 'update', ...versions, disableExitCode } })).toEqual({
      ...expected,
      VERSION: '2.0',
      AZURE_GUEST_AGENT_UPDATING_FROM_VERSION: '1.0',
      AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODES_MULTIPLE_EXTENSIONS:
        '[{"extensionName": "first", "exitCode": "0"}, {"extensionName": "second", "exitCode": "None"}]',
    });
  });

  test('the agent’s own directories come after the system’s', () => {
    const { PATH } = handlerCommandEnvironment({
      ...context,
      call: { command: 'disable' },
      morePath: ['/opt/a', '/opt/b'],
    });
    expect(PATH).toBe(`${always.PATH}:/opt/a:/opt/b`);
  });

  test('time limits are those of the contract', () => {
    expect(handlerCommandSeconds).toEqual({ install: 900, update: 900, disable: 900, enable: 300, uninstall: 300 });
  });
});

describe('output in messages', () => {
  test('short output is kept as it is', () => {
    expect(formatOutput(bytes('out'), bytes('err'))).toBe('[stdout]\nout\n\n[stderr]\nerr');
  });

  test('the ends are kept, within the limit; the shorter stream leaves its room to the other', () => {
    const both = formatOutput(bytes(`${'o'.repeat(5000)}OUT`), bytes(`${'e'.repeat(5000)}ERR`));
    expect(both).toHaveLength(outputLimit);
    expect(both).toContain('OUT\n\n[stderr]\ne');
    expect(both.endsWith('ERR')).toBe(true);
    expect(both.split('o').length).toBe(
      both.split('e').length + 'stdout'.split('o').length - 'stderr'.split('e').length,
    );
    const one = formatOutput(bytes('short'), bytes('e'.repeat(5000)));
    expect(one).toHaveLength(outputLimit);
    expect(one.startsWith('[stdout]\nshort\n\n[stderr]\neee')).toBe(true);
    const other = formatOutput(bytes('o'.repeat(5000)), bytes('short'));
    expect(other).toHaveLength(outputLimit);
    expect(other.endsWith('o\n\n[stderr]\nshort')).toBe(true);
  });

  test('never longer than the limit, never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 4000 }), fc.nat(4000), (text, repeat) => {
        const message = formatOutput(bytes(text), bytes('\ud83d\ude00'.repeat(repeat)));
        expect(message.length).toBeLessThanOrEqual(outputLimit);
        expect(message.isWellFormed()).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('bytes that are not UTF-8 become escapes and hurt nobody else', () => {
    expect(decodeOutput(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf0, 0x9f]))).toBe(
      'a\\xff\u00e4\\xc3(\\xed\\xa0\\x80\\xf0\\x9f',
    );
    expect(decodeOutput(Buffer.concat([Buffer.from([0xff]), bytes('\u4e2d\ud83d\ude00\u00e4z')]))).toBe(
      '\\xff\u4e2d\ud83d\ude00\u00e4z',
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
        expect(decodeOutput(raw).isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('messages of commands that failed', () => {
  const commandLine = handlerCommandLine('/d', { line: 'bin/x enable', program: 'bin/x', arguments: ['enable'] });
  const finished = { commandLine, stdout: bytes('out'), stderr: bytes('err') };

  test('none for success', () => {
    expect(commandFailureMessage({ ...finished, end: { kind: 'exit', code: 0 } })).toBeUndefined();
  });

  test('exit code, signal and time limit', () => {
    expect(commandFailureMessage({ ...finished, end: { kind: 'exit', code: 7 } })).toBe(
      'Non-zero exit code: 7, /d/bin/x enable\n[stdout]\nout\n\n[stderr]\nerr',
    );
    expect(commandFailureMessage({ ...finished, end: { kind: 'timeout', seconds: 300 } })).toBe(
      'Timeout(300): /d/bin/x enable\n[stdout]\nout\n\n[stderr]\nerr',
    );
    expect(commandFailureMessage({ ...finished, end: { kind: 'signal', signal: 'SIGSEGV' } })).toContain(
      'Ended by signal SIGSEGV: /d/bin/x enable',
    );
    expect(commandFailureMessage({ ...finished, end: { kind: 'exit', code: 126 } })).toContain('mounted noexec');
    const notFound = commandFailureMessage({ ...finished, end: { kind: 'exit', code: 127 } });
    expect(notFound).not.toContain('noexec');
    expect(notFound).toContain('the interpreter that its first line names');
  });

  test('in HandlerStatus the class of the error stands in front', () => {
    expect(handlerStatusMessage({ kind: 'exit', code: 7 }, 'why')).toBe('[ExtensionOperationError] why');
    expect(handlerStatusMessage({ kind: 'timeout', seconds: 300 }, 'why')).toBe('[ExtensionError] why');
  });

  test('T52 signatures of shared access addresses are blanked out', () => {
    const message = commandFailureMessage({
      ...finished,
      stderr: bytes('GET https://h/c?sv=1&sig=abc%2Bdef&se=2 failed'),
      end: { kind: 'exit', code: 1 },
    });
    expect(message).toContain('https://h/c?sv=1&sig=REDACTED&se=2 failed');
    expect(redactSignatures('SIG=x "https://h?sig=y" design=z')).toBe('sig=REDACTED "https://h?sig=REDACTED" design=z');
  });
});
