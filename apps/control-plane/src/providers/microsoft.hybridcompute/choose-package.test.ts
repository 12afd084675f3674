import { extensionNameOf, parseHandlerVersion, type ExtensionName } from '@sallyport/model';
import { describe, expect, test } from 'vitest';
import type { CatalogEntry } from '../../gallery/catalog-source.ts';
import { choosePackage } from './choose-package.ts';

const entry = (version: string, over: Partial<CatalogEntry> = {}): CatalogEntry => ({
  publisher: 'Contoso',
  type: 'Agent',
  version,
  operatingSystem: 'linux',
  architecture: 'any',
  sha256: version,
  ...over,
});
const entries = [
  entry('1.0.0'),
  entry('1.2.0'),
  entry('2.0.0'),
  entry('9.0.0', { operatingSystem: 'windows' }),
  entry('5.0.0', { type: 'Win', operatingSystem: 'windows' }),
];

function name(publisher: string, type: string): ExtensionName {
  const result = extensionNameOf(publisher, type);
  if (!result.ok) throw new Error(result.malformed.reason);
  return result.name;
}
const choose = (asked: string, minor = false, type = 'Agent', system: 'linux' | 'windows' = 'linux'): string =>
  choosePackage(entries, name('contoso', type), parseHandlerVersion(asked), minor, system).version;

describe('from a request to a package', () => {
  test('the newest that fits what was asked for, on the operating system of the machine', () => {
    expect([
      choose(''),
      choose('1'),
      choose('1.0'),
      choose('1.0', true),
      choose('', false, 'Agent', 'windows'),
    ]).toEqual(['2.0.0', '1.2.0', '1.0.0', '1.2.0', '9.0.0']);
  });

  test('what is not there is told with what there is', () => {
    expect(() => choose('3')).toThrow(
      "Version '3' of the extension 'contoso.Agent' is not published. The versions of contoso/Agent are 1.0.0, 1.2.0, 2.0.0.",
    );
    expect(() => choose('', false, 'Nothing')).toThrow(
      "publisher 'contoso' and type 'Nothing' is not published in the catalog",
    );
    expect(() => choose('', false, 'Win')).toThrow('is not published for linux');
  });
});
