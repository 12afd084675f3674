import { formatExtensionName } from '@sallyport/model';
import { expect, test } from 'vitest';
import { commaSeparated, extensionListOf, findEntry, knownExtension, propertyOf } from './index.ts';

const { kind } = propertyOf('extensions.blocklist');

/** The article's own line, quotes and all (S4.12). */
const article =
  '“Microsoft.Cplat.Core/RunCommandHandlerWindows, Microsoft.Cplat.Core/RunCommandHandlerLinux,Microsoft.Compute/CustomScriptExtension,Microsoft.Azure.Extensions/CustomScript,Microsoft.Azure.Automation.HybridWorker/HybridWorkerForWindows,Microsoft.Azure.Automation.HybridWorkerForLinux,Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent, Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux”';
const wellFormed =
  'Microsoft.Cplat.Core/RunCommandHandlerWindows,Microsoft.Cplat.Core/RunCommandHandlerLinux,Microsoft.Compute/CustomScriptExtension,Microsoft.Azure.Extensions/CustomScript,Microsoft.Azure.Automation.HybridWorker/HybridWorkerForWindows,Microsoft.Azure.Automation/HybridWorkerForLinux,Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent,Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux';

test("S4.12 T07 the article's own blocklist is refused, every malformed entry named, and spelt well", () => {
  const result = kind.parse(article);
  if (result.ok) throw new Error('accepted');
  expect(result.reason).toBe(
    "'“Microsoft.Cplat.Core/RunCommandHandlerWindows' is not publisher/type: it holds quotation marks (did you mean Microsoft.Cplat.Core/RunCommandHandlerWindows?); " +
      "'Microsoft.Azure.Automation.HybridWorkerForLinux' is not publisher/type: it has no slash between publisher and type (did you mean Microsoft.Azure.Automation/HybridWorkerForLinux?); " +
      "'Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux”' is not publisher/type: it holds quotation marks (did you mean Microsoft.EnterpriseCloud.Monitoring/OMSAgentForLinux?)",
  );
  expect(result.suggestion).toBe(wellFormed);
  const again = kind.parse(wellFormed);
  expect(again.ok && again.value.entries.length).toBe(8);
});

test('S4.12 with plain quotes seven entries are well-formed and the one without a slash still refuses all', () => {
  const result = kind.parse(article.replace(/[“”]/g, ''));
  expect(result).toMatchObject({ ok: false, suggestion: wellFormed });
  expect(result.ok || result.reason.match(/is not publisher/g)?.length).toBe(1);
});

const malformed: readonly (readonly [string, string, string | undefined])[] = [
  ['a/b,,c/d', 'there is an empty entry', 'a/b,c/d'],
  ['a/b,', 'there is an empty entry', 'a/b'],
  [',', 'there is an empty entry', undefined],
  ['a/b,c/d/e', 'more than one slash', 'a/b,c/d.e'],
  ['a/*', 'wildcards', undefined],
  ['a/b,*', 'wildcards', undefined],
  ['[a/b]', 'is not a publisher', 'a/b'],
  ['a/b\u00a0', 'white space', 'a/b'],
  ['a/b\n', 'white space', 'a/b'],
  ['\u3000a/b', 'white space', 'a/b'],
  ['a/b\u0000', 'control character', 'a/b'],
  ['a /b', 'is not a publisher', 'a/b'],
  ['а/b', 'plain ASCII', undefined],
  ['ａ/ｂ', 'plain ASCII', 'a/b'],
  ['a/b;c/d', "'a/b;c/d' is not publisher/type: entries are separated by commas (did you mean a/b,c/d?)", 'a/b,c/d'],
  ['a/b c/d', 'separated by commas', 'a/b,c/d'],
  ['a/b\nc/d;', 'separated by commas', 'a/b,c/d'],
  ['a/b | c/d,e.f', 'separated by commas', 'a/b,c/d,e/f'],
  ['a/b;c', 'is not an extension type', undefined],
  ['a/b;c/d/e', 'more than one slash', undefined],
  ['a/b c/d/e', 'more than one slash', undefined],
  ['a;b', 'it has no slash', undefined],
  ['Contoso.Backup,*', 'wildcards', undefined],
  ['a//b', 'more than one slash', 'a/b'],
  ['/b', 'the publisher before the slash is missing', undefined],
  ['a/', 'the type after the slash is missing', undefined],
];

for (const [text, reason, suggestion] of malformed) {
  test(`T06 T07 ${JSON.stringify(text)} is refused: ${reason}`, () => {
    const result = kind.parse(text);
    if (result.ok) throw new Error('accepted');
    expect(result.reason).toContain(reason);
    expect(result.suggestion).toBe(suggestion);
  });
}

test('a reason is told once, however often it holds', () => {
  expect(kind.parse('a/b,,,')).toMatchObject({ reason: 'there is an empty entry', suggestion: 'a/b' });
});

test('duplicates collapse, the first spelling stays', () => {
  const result = kind.parse('A/b, a/B ,C/d,a/b');
  expect(result.ok && result.value.entries.map(formatExtensionName)).toEqual(['A/b', 'C/d']);
});

test('a list finds its entries whatever the case, and nothing else', () => {
  const list = extensionListOf([knownExtension('Contoso.Tools/Backup')]);
  expect(findEntry(list, knownExtension('contoso.TOOLS/backup'))).toBe(list.entries[0]);
  expect(findEntry(list, knownExtension('Contoso/Tools.Backup'))).toBeUndefined();
  expect(commaSeparated(extensionListOf([knownExtension('a/b'), knownExtension('c/d')]).entries)).toBe('a/b,c/d');
});

test('twenty malformed entries are named, not thousands', () => {
  const result = kind.parse(Array.from({ length: 1000 }, (_, i) => `x${i}`).join(','));
  expect(result.ok || result.reason.match(/is not publisher/g)?.length).toBe(20);
});

test('a name written in the program must be well-formed', () => {
  expect(() => knownExtension('nonsense')).toThrow("'nonsense' is not publisher/type: it has no slash");
});
