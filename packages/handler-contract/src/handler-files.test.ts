import { parseHandlerVersion } from '@sallyport/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handlerDirectoryName, parseHandlerDirectoryName } from './handler-directory.ts';
import { formatHandlerEnvironment } from './handler-environment.ts';
import {
  formatSettings,
  isFileOfExtension,
  noSettings,
  parseSettings,
  settingsFileName,
  statusFileName,
} from './handler-settings.ts';

describe('S1.3 HandlerEnvironment.json', () => {
  const environment = {
    name: 'P.T',
    logFolder: '/var/log/azure/P.T',
    configFolder: '/var/lib/waagent/P.T-1.0/config',
    statusFolder: '/var/lib/waagent/P.T-1.0/status',
    heartbeatFile: '/var/lib/waagent/P.T-1.0/heartbeat.log',
    eventsFolder: '/var/log/azure/P.T/events',
  };

  test('is spelled as Python spells it, to the last blank', () => {
    expect(formatHandlerEnvironment(environment)).toBe(
      '[{"name": "P.T", "version": 1.0, "handlerEnvironment": {"logFolder": "/var/log/azure/P.T", "configFolder": "/var/lib/waagent/P.T-1.0/config", "statusFolder": "/var/lib/waagent/P.T-1.0/status", "heartbeatFile": "/var/lib/waagent/P.T-1.0/heartbeat.log", "eventsFolder": "/var/log/azure/P.T/events", "eventsFolder_preview": "/var/log/azure/P.T/events"}}]',
    );
  });

  test('the log folder can be cut out with text tools, as real shims do', () => {
    const text = formatHandlerEnvironment(environment);
    const after = text.slice(text.indexOf('logFolder": "') + 'logFolder": "'.length);
    expect(after.slice(0, after.indexOf('",'))).toBe(environment.logFolder);
  });

  test('nothing but ASCII comes out, and every reader gets the same back', () => {
    const text = formatHandlerEnvironment({
      ...environment,
      logFolder: '/log "q" \\ \u00e4\u4e2d\ud83d\ude00\u007f\n',
    });
    expect(text).toMatch(/^[\u0020-\u007e]*$/);
    expect(JSON.parse(text)).toMatchObject([
      { handlerEnvironment: { logFolder: '/log "q" \\ \u00e4\u4e2d\ud83d\ude00\u007f\n' } },
    ]);
  });
});

describe('S1.7 settings', () => {
  test('all three keys are always there, null when absent', () => {
    const none = { publicSettings: null, protectedSettings: null, protectedSettingsCertThumbprint: null };
    expect(formatSettings(none)).toBe(
      '{"runtimeSettings": [{"handlerSettings": {"publicSettings": null, "protectedSettings": null, "protectedSettingsCertThumbprint": null}}]}',
    );
    expect(parseSettings(formatSettings(none))).toEqual(none);
    expect(parseSettings(noSettings)).toBeUndefined();
    expect(settingsFileName(7)).toBe('7.settings');
  });

  test('whatever JSON goes in comes out', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.base64String({ minLength: 4 }), (open, sealed) => {
        // -0 has no spelling of its own in JSON.
        const publicSettings = JSON.parse(JSON.stringify(open)) as Readonly<Record<string, unknown>>;
        const settings = {
          publicSettings,
          protectedSettings: sealed,
          protectedSettingsCertThumbprint: 'AB'.repeat(20),
        };
        expect(parseSettings(formatSettings(settings))).toEqual(settings);
      }),
      { numRuns: 300 },
    );
  });

  test('T53 what an extension has made of the file is read without harm, or refused with a reason', () => {
    const scrubbed =
      '{"runtimeSettings": [{"handlerSettings": {"publicSettings": "gone", "protectedSettings": "*** REDACTED ***"}}]}';
    expect(parseSettings(scrubbed)).toEqual({
      publicSettings: null,
      protectedSettings: '*** REDACTED ***',
      protectedSettingsCertThumbprint: null,
    });
    expect(() => parseSettings('{')).toThrow('it is not JSON');
    for (const text of [
      '{',
      '[]',
      '{"runtimeSettings": []}',
      '{"runtimeSettings": [{"handlerSettings": []}]}',
      '['.repeat(1000),
    ]) {
      expect(() => parseSettings(text)).toThrow(expect.objectContaining({ code: 'MalformedSettings' }));
    }
  });
});

test('with several extensions a file is named after its own; a name within a name has no share in it', () => {
  expect([settingsFileName(7), settingsFileName(7, 'a.b'), statusFileName(0), statusFileName(3, 'a')]).toEqual([
    '7.settings',
    'a.b.7.settings',
    '0.status',
    'a.3.status',
  ]);
  const files = [
    'a.7.settings',
    'a.7.status',
    'a.b.7.status',
    'a.HandlerState',
    'a.mrseq',
    '7.settings',
    'a.x7.status',
  ];
  expect(files.filter((file) => isFileOfExtension(file, 'a'))).toEqual(['a.7.settings', 'a.7.status']);
});

describe('names of handlers’ directories', () => {
  test('go both ways, dashes in the name included', () => {
    const version = parseHandlerVersion('2.1.0');
    if (version === undefined) throw new Error('not a version');
    expect(handlerDirectoryName('P.T', version)).toBe('P.T-2.1.0');
    expect(parseHandlerDirectoryName('P.T-x-2.1.0')).toEqual({ name: 'P.T-x', version });
    for (const other of ['P.T', 'P.T-', '-1.0', 'P.T-1.0-', 'events', 'P.T-1.0.zip', 'P.T__1.0']) {
      expect(parseHandlerDirectoryName(other)).toBeUndefined();
    }
  });
});

test('T53 a number that no reader of ours can hold is refused, not turned into null', () => {
  const text = (number: string): string =>
    `{"runtimeSettings":[{"handlerSettings":{"publicSettings":{"a":[1,{"b":${number}}]}}}]}`;
  for (const number of ['1e400', '-1E+999', '9'.repeat(400)]) {
    expect(() => parseSettings(text(number))).toThrow('beyond all bounds');
  }
  expect(parseSettings(text('1e300'))?.publicSettings).toEqual({ a: [1, { b: 1e300 }] });
  expect(parseSettings(text('"1e400"'))?.publicSettings).toEqual({ a: [1, { b: '1e400' }] });
});
