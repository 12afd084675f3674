import { describe, expect, test } from 'vitest';
import { messageOf } from '@sallyport/model';
import { packageIdentity, type SaidIdentity } from './package-identity.ts';

const publishers = ['Contoso.Tools', 'Microsoft.Azure.Extensions', 'Microsoft.Azure'];

/** `publisher/type version`, or the code of the refusal. */
function identity(file: string, options: SaidIdentity = {}, signingInfo: SaidIdentity = {}): string {
  try {
    const { name, version } = packageIdentity(options, signingInfo, file, publishers);
    return `${name.publisher}/${name.type} ${version}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  }
}

describe('S1.1 what a package is', () => {
  test.each([
    ['Contoso.Tools.Hello-1.2.3.zip', 'Contoso.Tools/Hello 1.2.3'],
    ['contoso.tools.Hello-1.zip', 'Contoso.Tools/Hello 1'],
    ['/some/where/Contoso.Tools.Hello-1.2.3.4.ZIP', 'Contoso.Tools/Hello 1.2.3.4'],
    ['Contoso.Tools.Hello.World-1.0.zip', 'Contoso.Tools/Hello.World 1.0'],
    ['Contoso.Tools.Hello-World-1.0.zip', 'Contoso.Tools/Hello-World 1.0'],
    // Nobody of that name has been added: the last dot decides, and the repository refuses by name.
    ['Nobody.Known.Hello-1.0.zip', 'Nobody.Known/Hello 1.0'],
    // Two publishers fit: guessing would sign with the wrong key.
    ['Microsoft.Azure.Extensions.CustomScript-2.1.zip', 'IdentityMissing'],
    ['Hello-1.0.zip', 'IdentityMissing'],
    ['hello.zip', 'IdentityMissing'],
    ['Contoso.Tools.Hello-01.0.zip', 'IdentityMalformed'],
    ['Contoso.Tools.Hello-1.2.3.4.5.zip', 'IdentityMissing'],
    ['Contoso.Tools..-1.0.zip', 'IdentityMalformed'],
  ])('by the file name %s: %s', (file, expected) => {
    expect(identity(file)).toBe(expected);
  });

  test('options and signingInfo say it as well, each for itself or together', () => {
    const all = { publisher: 'Contoso.Tools', type: 'Hello', version: '1.0' };
    expect(identity('x.zip', all)).toBe('Contoso.Tools/Hello 1.0');
    expect(identity('x.zip', {}, all)).toBe('Contoso.Tools/Hello 1.0');
    expect(identity('x.zip', { publisher: 'contoso.TOOLS' }, { type: 'Hello', version: '1.0' })).toBe(
      'Contoso.Tools/Hello 1.0',
    );
    expect(identity('Contoso.Tools.Hello-1.0.zip', { type: 'hello' }, { publisher: 'CONTOSO.TOOLS' })).toBe(
      'Contoso.Tools/hello 1.0',
    );
    expect(
      identity('Microsoft.Azure.Extensions.CustomScript-2.1.zip', { publisher: 'Microsoft.Azure.Extensions' }),
    ).toBe('Microsoft.Azure.Extensions/CustomScript 2.1');
    expect(identity('Microsoft.Azure.Extensions.CustomScript-2.1.zip', {}, { type: 'Extensions.CustomScript' })).toBe(
      'Microsoft.Azure/Extensions.CustomScript 2.1',
    );
  });

  test.each([
    [{ version: '1.1' }, {}],
    [{}, { version: '1.1' }],
    [{ publisher: 'Microsoft.Azure' }, {}],
    [{ type: 'Other' }, {}],
    [{}, { publisher: 'Microsoft.Azure', type: 'Hello' }],
    [{ type: 'Hello' }, { type: 'Other' }],
    [{ publisher: 'Contoso', type: 'Hello' }, {}],
    [{ version: '1.0.0' }, {}],
  ])('T26 sources that disagree are refused: options %o, signingInfo %o', (options, signingInfo) => {
    expect(identity('Contoso.Tools.Hello-1.0.zip', options, signingInfo)).toBe('IdentityDisagrees');
  });

  test('T06 T32 what is no name or version is refused from every source', () => {
    for (const bad of ['../x', 'a/b', 'x y', 'x\u0000', '*']) {
      expect(identity('x.zip', { publisher: bad, type: 'T', version: '1' })).toBe('IdentityMalformed');
      expect(identity('x.zip', {}, { publisher: 'P', type: bad, version: '1' })).toBe('IdentityMalformed');
      expect(identity('x.zip', { publisher: 'P', type: 'T', version: bad })).toBe('IdentityMalformed');
    }
  });
});
