/** An Azure VM extension becomes a package of this gallery. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTestPackage, noopHandler, temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { runGallery } from '../testing/run-gallery.ts';
import { parseOriginManifest } from './origin-manifest.ts';

const manifest = `<?xml version="1.0" encoding="utf-8"?>
<ExtensionImage xmlns="http://schemas.microsoft.com/windowsazure">
  <ProviderNameSpace>Fabrikam.Azure</ProviderNameSpace>
  <Type>Watcher</Type>
  <Version>2.4.1</Version>
  <SupportedOS>Linux</SupportedOS>
</ExtensionImage>`;

test('S1.3 one command publishes it, signed by our own publisher, with its origin', async () => {
  const folder = temporaryDirectory('import');
  try {
    const gallery = join(folder.path, 'G');
    const [zip, xml] = [join(folder.path, 'watcher.zip'), join(folder.path, 'manifest.xml')];
    writeFileSync(zip, buildTestPackage(noopHandler));
    writeFileSync(xml, manifest);
    for (const args of [['init'], ['scan-policy', 'none'], ['publisher', 'add', 'Contoso.Imports']])
      expect((await runGallery(gallery, ...args)).code).toBe(0);
    expect((await runGallery(gallery, 'import', zip)).stderr).toMatch(/^IdentityMissing: /);
    expect(await runGallery(gallery, 'import', zip, '--manifest', xml)).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/^PublisherMissing: /) as string,
    });
    const said = ['--manifest', xml, '--publisher', 'Contoso.Imports', '--from', 'https://fabrikam.example/watcher'];
    const { code, stderr } = await runGallery(gallery, 'import', zip, ...said);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse((await runGallery(gallery, 'list', '--json')).stdout)).toMatchObject([
      {
        path: 'contoso.imports/watcher/2.4.1.zip',
        target: {
          operatingSystem: 'linux',
          scan: { by: 'none' },
          origin: {
            from: 'https://fabrikam.example/watcher',
            publisher: 'Fabrikam.Azure',
            type: 'Watcher',
            version: '2.4.1',
          },
        },
      },
    ]);
  } finally {
    folder.remove();
  }
});

test('T26 a manifest that says a thing twice, or declares entities, is refused; comments say nothing', () => {
  expect(parseOriginManifest(manifest.replace('<Type>', '<!-- <Type>Other</Type> --><Type>'), 'it').type).toBe(
    'Watcher',
  );
  for (const bad of [
    '',
    '<Image/>',
    manifest.replace('<Type>', '<Type>Other</Type><Type>'),
    `<!DOCTYPE x [<!ENTITY t "Other">]>${manifest}`,
  ])
    expect(() => parseOriginManifest(bad, 'it')).toThrow(
      expect.objectContaining({ code: 'IdentityMalformed' }) as Error,
    );
});
