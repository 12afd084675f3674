import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  extensionKey,
  extensionNameOf,
  formatExtensionName,
  handlerName,
  parseExtensionName,
  sameExtension,
} from './extension-name.ts';

function malformed(text: string): { reason: string; suggestion?: string } {
  const result = parseExtensionName(text);
  if (result.ok) throw new Error(`'${text}' was accepted`);
  return result.malformed;
}

function name(text: string) {
  const result = parseExtensionName(text);
  if (!result.ok) throw new Error(result.malformed.reason);
  return result.name;
}

describe('S1.1 an extension is named by publisher and type', () => {
  test('blanks around it are trimmed, the spelling is kept, the handler is named with a dot', () => {
    const monitor = name('  Microsoft.Azure.Monitor/AzureMonitorLinuxAgent\t');
    expect(formatExtensionName(monitor)).toBe('Microsoft.Azure.Monitor/AzureMonitorLinuxAgent');
    expect(handlerName(monitor)).toBe('Microsoft.Azure.Monitor.AzureMonitorLinuxAgent');
  });

  test('a type may hold dots', () => {
    expect(name('Microsoft.Azure.AzureDefenderForServers/MDE.Linux').type).toBe('MDE.Linux');
  });

  test('a publisher and a type given apart may not smuggle a slash', () => {
    expect(extensionNameOf('a/b', 'c').ok).toBe(false);
    expect(extensionNameOf('a', 'b/c').ok).toBe(false);
    expect(extensionNameOf('a', 'b').ok).toBe(true);
  });
});

describe('T06 variants of a name are one name or none', () => {
  test('case does not count', () => {
    expect(
      sameExtension(
        name('Microsoft.CPlat.Core/RunCommandHandlerLinux'),
        name('microsoft.cplat.core/RUNCOMMANDHANDLERLINUX'),
      ),
    ).toBe(true);
    expect(sameExtension(name('a/b'), name('a/c'))).toBe(false);
    expect(extensionKey(name('A.B/C'))).toBe('a.b/c');
  });

  test.each([
    ['', 'it is empty'],
    ['   ', 'it is empty'],
    ['\u201cMicrosoft.Compute/CustomScriptExtension', 'it holds quotation marks'],
    ['a/b\u0000', 'it holds a control character'],
    ['a/b\u001b[2K', 'it holds a control character'],
    ['Micro\u017foft/x', 'it holds a character that is not plain ASCII'],
    ['\uff41/b', 'it holds a character that is not plain ASCII'],
    ['a\u200b/b', 'it holds a character that is not plain ASCII'],
    ['Microsoft.*/x', 'wildcards are not supported; each extension is named in full'],
    ['nothing', 'it has no slash between publisher and type'],
    ['a/b/c', 'it has more than one slash'],
    ['/b', 'the publisher before the slash is missing'],
    ['a/', 'the type after the slash is missing'],
    ['a b/c', "'a b' is not a publisher's name"],
    ['a/.b', "'.b' is not an extension type"],
    ['a/b.', "'b.' is not an extension type"],
    ['..%2f/x', "'..%2f' is not a publisher's name"],
  ])('%j is refused: %s', (text, reason) => {
    expect(malformed(text).reason).toBe(reason);
  });
});

describe('T07 a malformed entry is refused with the nearest well-formed spelling', () => {
  test.each([
    ['Microsoft.Azure.Automation.HybridWorkerForLinux', 'Microsoft.Azure.Automation/HybridWorkerForLinux'],
    ['\u201cMicrosoft.Cplat.Core/RunCommandHandlerWindows', 'Microsoft.Cplat.Core/RunCommandHandlerWindows'],
    ['Microsoft.Azure//CustomScript', 'Microsoft.Azure/CustomScript'],
    ['a/b/c', 'a/b.c'],
  ])('%j: did you mean %j?', (text, suggestion) => {
    expect(malformed(text).suggestion).toBe(suggestion);
  });

  test('nothing is offered where nothing is near', () => {
    expect(malformed('*').suggestion).toBeUndefined();
    expect(malformed('word').suggestion).toBeUndefined();
  });

  test('whatever is offered is itself well-formed, and reading never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom('a', 'B', '.', '/', '-', ' ', '\u201c', '*', '\u0000') }),
        ),
        (text) => {
          const result = parseExtensionName(text);
          if (result.ok) expect(parseExtensionName(formatExtensionName(result.name))).toEqual(result);
          else if (result.malformed.suggestion !== undefined)
            expect(parseExtensionName(result.malformed.suggestion).ok).toBe(true);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
