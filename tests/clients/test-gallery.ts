/** A gallery folder with a few published packages, signed for real; their bytes are never opened by a control plane, so most are none. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRepository, type Repository } from '@sallyport/catalog';
import { parseExtensionName, parseHandlerVersion, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { buildTestPackage, type PackageFiles } from '@sallyport/testkit';

export interface TestGallery {
  readonly directory: string;
  /** Publishes one more package; returns its SHA-256. `isShared`: several resources may share its handler. */
  publish(name: string, version: string, isShared?: boolean): Promise<string>;
  /** Publishes one that a machine can install. */
  publishPackage(name: string, version: string, files: PackageFiles): Promise<void>;
}

/** Makes the gallery with Contoso.Scripts/Runner 1.0.0, 1.1.0, 2.0.0 and a few more types in one version. */
export async function createTestGallery(directory: string): Promise<TestGallery> {
  mkdirSync(join(directory, 'packages'), { recursive: true });
  const repository: Repository = await createRepository({
    directory: join(directory, 'metadata'),
    keysDirectory: join(directory, 'keys'),
    now: () => new Date(),
  });
  await repository.addPublisher('Contoso.Scripts');
  async function add(text: string, versionText: string, bytes: Buffer, isShared: boolean): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(directory, 'packages', `${sha256}.zip`), bytes);
    await repository.addTarget({
      name: nameOf(text),
      version: versionOf(versionText),
      operatingSystem: 'linux',
      architecture: 'any',
      length: bytes.length,
      sha256,
      supportsMultipleExtensions: isShared,
    });
    return sha256;
  }
  const publish: TestGallery['publish'] = (name, version, isShared = false) =>
    add(name, version, Buffer.from(`package of ${name} ${version}\n`.repeat(50)), isShared);
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) await publish('Contoso.Scripts/Runner', version);
  for (const type of ['Refused', 'Slow', 'Other']) await publish(`Contoso.Scripts/${type}`, '1.0.0');
  return {
    directory,
    publish,
    async publishPackage(name, version, files) {
      await add(name, version, buildTestPackage(files), false);
    },
  };
}

function nameOf(text: string): ExtensionName {
  const result = parseExtensionName(text);
  if (!result.ok) throw new Error(result.malformed.reason);
  return result.name;
}

function versionOf(text: string): HandlerVersion {
  const version = parseHandlerVersion(text);
  if (version === undefined) throw new Error(`${text} is not a version`);
  return version;
}
