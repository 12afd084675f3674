/**
 * Packages in S3 and in Azure Blob Storage, from the command that publishes them to the machine that runs them: straight from storage
 * (S1.4), through the control plane (S1.5), and while they move from one account to another.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContainerClient } from '@azure/storage-blob';
import { openRepository } from '@sallyport/catalog';
import { readIfThere } from '@sallyport/durable-files';
import {
  buildTestPackage,
  noopHandler,
  shellHandler,
  temporaryDirectory,
  type TemporaryDirectory,
} from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { galleryPlaces } from '../../apps/gallery/src/gallery-places.ts';
import { publishPackage } from '../../apps/gallery/src/publish/publish-package.ts';
import { azuriteFolder, startAzurite, type Azurite } from '../../packages/cloud-storage/src/testing/azurite.ts';
import { bucket, startS3Server, type S3Server } from '../../packages/cloud-storage/src/testing/s3-server.ts';
import { connectArguments, startSystem, type Ended, type TestSystem } from './harness.ts';
import { runProgram } from './processes.ts';
import { startStorageRecorder, type StorageRecorder } from './storage-recorder.ts';

const scope = '/subscriptions/0/resourceGroups/fortress/providers/Microsoft.HybridCompute/privateLinkScopes/moat';
const secret = 'a-secret-that-nobody-is-told';

let folder: TemporaryDirectory;
let gallery: string;
let s3: S3Server;
let azurite: Azurite | undefined;
let recorders: { readonly s3: StorageRecorder; readonly azure: StorageRecorder | undefined };
let variables: Record<string, string>;
let system: TestSystem;

beforeAll(async () => {
  folder = temporaryDirectory('storage');
  gallery = join(folder.path, 'gallery');
  s3 = await startS3Server();
  azurite = azuriteFolder === undefined ? undefined : await startAzurite(azuriteFolder);
  const blobEndpoint = /BlobEndpoint=([^;]+);/.exec(azurite?.connection ?? '')?.[1];
  recorders = {
    s3: await startStorageRecorder(s3.endpoint),
    azure: blobEndpoint === undefined ? undefined : await startStorageRecorder(new URL(blobEndpoint).origin),
  };
  variables = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: 'us-east-1' };
  if (azurite !== undefined && recorders.azure !== undefined && blobEndpoint !== undefined) {
    await new ContainerClient(azurite.connection, 'packages').create();
    const recorded = azurite.connection.replace(new URL(blobEndpoint).origin, recorders.azure.url);
    variables['AZURE_STORAGE_CONNECTION_STRING'] = recorded;
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  for (const words of [
    ['init', '--root-keys', '1'],
    ['scan-policy', 'none'],
    ['publisher', 'add', 'Contoso.Test'],
    ['storage', 'set', s3Address('first')],
  ]) {
    await sallyport(...words);
  }
  system = await startSystem('gatehouse', {
    served: { gallery, root: join(gallery, 'metadata/1.root.json') },
    variables,
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await system.stop();
  await Promise.all([recorders.s3.close(), recorders.azure?.close(), s3.close(), azurite?.close()]);
  folder.remove();
});

function s3Address(prefix: string): string {
  return `s3://${bucket}/${prefix}?pathStyle=true&endpoint=${recorders.s3.url}`;
}

/** `sallyport gallery …`, which has to succeed. */
async function sallyport(...words: readonly string[]): Promise<string> {
  mkdirSync(gallery, { recursive: true });
  const { code, output } = await runProgram('gallery', [...words, '--gallery', gallery], variables);
  if (code !== 0) throw new Error(output);
  return output;
}

let published = 0;
/** Publishes a version that nobody has fetched yet: the first with the command, the others as it does, in this process. */
async function publish(): Promise<string> {
  const version = `1.0.${(published += 1)}`;
  const file = join(folder.path, `Contoso.Test.Noop-${version}.zip`);
  writeFileSync(file, buildTestPackage({ ...noopHandler, 'load.bin': randomBytes(200_000) }));
  if (published === 1) {
    await sallyport('publish', file);
    return version;
  }
  const places = galleryPlaces(gallery);
  const now = (): Date => new Date();
  const repository = openRepository({ directory: places.directory, keysDirectory: places.keysDirectory, now });
  const release = { operatingSystem: 'linux', architecture: 'any' } as const;
  await publishPackage({ places, repository, now }, file, {}, release);
  return version;
}

function install(version: string): Promise<Ended> {
  return system.install('noop', { type: 'Noop', version });
}

/** What machines asked of storage, and what of packages was asked of the control plane, since it was asked last. */
function traffic(): { readonly storage: readonly string[]; readonly centre: number } {
  const all = [recorders.s3, recorders.azure].flatMap((recorder) => recorder?.byMachines() ?? []);
  const storage = all
    .slice(told.storage)
    .map(({ method, path, range, status }) =>
      [method, path.replace(/[0-9a-f]{64}/, '*'), range.replace(/[0-9]+/, 'n'), status].filter(Boolean).join(' '),
    );
  const centre = system.carrier.requests.filter((request) => request.startsWith('GET /packages/')).length;
  const since = { storage, centre: centre - told.centre };
  told = { storage: all.length, centre };
  return since;
}
let told = { storage: 0, centre: 0 };

function goalStatesAskedFor(): number {
  return system.carrier.requests.filter((request) => request.endsWith('/goal-state')).length;
}

function filesBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('a gallery in S3', () => {
  test('S1.4 the machine fetches straight from storage, by a URL that is good for a while', async () => {
    const version = await publish();
    await system.startAgent();
    expect(await install(version)).toMatchObject({ status: 'Succeeded' });
    expect(traffic()).toEqual({ storage: [`GET /${bucket}/first/*.zip 200`], centre: 0 });
    expect(readdirSync(gallery)).not.toContain('packages');
  });

  test('S1.3 an Azure VM extension that was imported is installed as it is', async () => {
    const [zip, xml] = [join(folder.path, 'watcher.zip'), join(folder.path, 'watcher.xml')];
    writeFileSync(zip, buildTestPackage(shellHandler({ install: 'exit 0', enable: 'report success 0 Watching' })));
    const said = '<ProviderNameSpace>Fabrikam.Azure</ProviderNameSpace><Type>Watcher</Type><Version>2.4.1</Version>';
    writeFileSync(xml, `<ExtensionImage xmlns="http://schemas.microsoft.com/windowsazure">${said}</ExtensionImage>`);
    await sallyport('import', zip, '--manifest', xml, '--publisher', 'Contoso.Test', '--from', 'fabrikam.example');
    const request = { type: 'Watcher', version: '2.4.1', settings: { every: 'hour' } };
    expect(await system.install('watcher', request)).toMatchObject({ status: 'Succeeded' });
    expect(JSON.stringify(await system.get(system.extensionPath('watcher')))).toContain('Watching');
    expect(readdirSync(join(system.root, 'var/lib/waagent'))).toContain('Contoso.Test.Watcher-2.4.1');
    expect(traffic()).toEqual({ storage: [`GET /${bucket}/first/*.zip 200`], centre: 0 });
  });

  test('S1.4 a URL that has expired is asked for anew', async () => {
    const version = await publish();
    const before = goalStatesAskedFor();
    recorders.s3.troubles.push('expired');
    expect(await install(version)).toMatchObject({ status: 'Succeeded' });
    expect(traffic().storage.map((line) => line.slice(-3))).toEqual(['403', '200']);
    expect(goalStatesAskedFor() - before).toBeGreaterThanOrEqual(2);
  });

  test('S1.4 a download that breaks off goes on where it was', async () => {
    const version = await publish();
    recorders.s3.troubles.push('cut');
    expect(await install(version)).toMatchObject({ status: 'Succeeded' });
    const line = `GET /${bucket}/first/*.zip`;
    expect(traffic().storage).toEqual([`${line} 200`, `${line} bytes=n- 206`]);
  });

  test('S1.4 S1.6 packages move to another account while machines download', async () => {
    const version = await publish();
    await sallyport('storage', 'set', s3Address('second'), '--emptying', s3Address('first'));
    expect(await install(version)).toMatchObject({ status: 'Succeeded' });
    // It is still where it was.
    expect(traffic().storage).toEqual([`GET /${bucket}/second/*.zip 404`, `GET /${bucket}/first/*.zip 200`]);
    const next = await publish();
    expect(await sallyport('storage', 'move')).toContain(`Copied ${published} packages.`);
    await sallyport('storage', 'set', s3Address('second'));
    expect(await sallyport('storage', 'show')).toContain(`in use  ${published + 1} packages`);
    expect(await install(next)).toMatchObject({ status: 'Succeeded' });
    expect(traffic()).toEqual({ storage: [`GET /${bucket}/second/*.zip 200`], centre: 0 });
  });

  test('S1.5 delivery may be through the control plane for all machines', async () => {
    const version = await publish();
    await sallyport('storage', 'set', s3Address('second'), '--delivery', 'proxied');
    expect(await install(version)).toMatchObject({ status: 'Succeeded' });
    expect(traffic()).toEqual({ storage: [], centre: 1 });
    await sallyport('storage', 'set', s3Address('second'), '--delivery', 'direct');
  });
});

describe.skipIf(azuriteFolder === undefined)('a gallery in Azure Blob Storage (TEST_AZURITE_FOLDER)', () => {
  test('S1.4 packages move there from S3, and machines fetch them there', async () => {
    const version = await publish();
    await sallyport('storage', 'set', 'azblob://packages/some/where', '--emptying', s3Address('second'));
    await sallyport('storage', 'move');
    await sallyport('storage', 'set', 'azblob://packages/some/where');
    expect(await install(version)).toMatchObject({ status: 'Succeeded' });
    const next = await publish();
    expect(await install(next)).toMatchObject({ status: 'Succeeded' });
    const line = 'GET /devstoreaccount1/packages/some/where/*.zip 200';
    expect(traffic()).toEqual({ storage: [line, line], centre: 0 });
  });
});

describe('connected privately', () => {
  test('S1.5 packages come from the control plane, and the machine contacts no storage, whatever the centre names', async () => {
    const version = await publish();
    await system.client.arm('PATCH', `${machinePath()}?api-version=2024-07-10`, {
      properties: { privateLinkScopeResourceId: scope },
    });
    expect(await install(version)).toMatchObject({ status: 'Succeeded' });
    expect(traffic()).toEqual({ storage: [], centre: 1 });
  });

  test('S1.5 S1.6 the machine itself keeps to it: URLs of storage are not used', async () => {
    await system.stopAgents();
    const { operator } = system;
    await system.azcmagent('disconnect', '--force-local-only');
    await system.client.arm('DELETE', `${machinePath()}?api-version=2024-07-10`);
    const connect = connectArguments(system, join(gallery, 'metadata/1.root.json'));
    const connected = await system.azcmagent(...connect, '--private-link-scope', scope);
    expect(connected.output).not.toContain(operator.clientSecret);
    expect(connected.code).toBe(0);
    // The centre forgets it, and names storage: captured, or mistaken.
    await system.client.arm('PATCH', `${machinePath()}?api-version=2024-07-10`, {
      properties: { privateLinkScopeResourceId: '' },
    });
    await system.startAgent();
    const ended = await install(await publish());
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'PackageUnavailable' } });
    expect(ended.error?.message).toContain('connected privately and fetches from its control plane only');
    expect(traffic()).toEqual({ storage: [], centre: 0 });
  });
});

test('S1.7 credentials and signed URLs are in no log and in no file of the machine, the gallery or the control plane', () => {
  const never = [secret, 'X-Amz-Signature', 'sig=', 'AccountKey='];
  // The agent is at work: a file that has gone meanwhile holds nothing, such as the next package's, which has a name for a moment.
  const texts = new Map(
    [...filesBelow(system.folder), ...filesBelow(gallery)].map((file) => [file, readIfThere(file) ?? Buffer.alloc(0)]),
  );
  expect(texts.size).toBeGreaterThan(20);
  texts.set('the log of the control plane', Buffer.from(system.log()));
  const found = [...texts].filter(([, bytes]) => never.some((word) => bytes.includes(word)));
  expect(found.map(([name]) => name)).toEqual([]);
});

function machinePath(): string {
  return system.extensionPath('').replace(/\/extensions\/$/, '');
}
