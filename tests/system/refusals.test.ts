/**
 * Everything that whoever carries catalog or package can do, each refused with its own code, seen at both ends: the operation, the resource
 * and the activity log in the centre, the log on the machine (S1.6, S2.2, T14, T20–T23, T25, T29).
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createRepository, type RepositoryOptions } from '@sallyport/catalog';
import { parseExtensionName, parseHandlerVersion } from '@sallyport/model';
import { noopHandler } from '@sallyport/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { publishAs, type Robbed } from '../../packages/catalog/src/testing/thief.ts';
import { runCli } from '../../apps/agent/src/cli/run-cli.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { readCatalogStatus } from '../../apps/agent/src/catalog-watch/catalog-status.ts';
import { CatalogWatch } from '../../apps/agent/src/catalog-watch/catalog-watch.ts';
import { connectArguments, publisher, startSystem, type Ended, type TestSystem } from './harness.ts';
import type { Service } from './processes.ts';

const patience = 240_000;
let system: TestSystem;
let agent: Service;
let gallery: string;
let version = 0;

beforeAll(async () => {
  system = await startSystem();
  gallery = join(system.folder, 'gallery');
  agent = await system.startAgent();
}, patience);
afterAll(async () => system.stop());
afterEach(() => {
  system.carrier.tamper = undefined;
  system.carrier.instead = undefined;
});

interface Attempt {
  readonly version: string;
  readonly path: string;
}

/** A version that nobody has fetched yet, so that the machine has to ask for it. */
async function fresh(): Promise<Attempt> {
  version += 1;
  const text = `${version}.0.0`;
  return { version: text, path: await system.publish('Noop', text, { ...noopHandler, 'version.txt': text }) };
}

const install = (attempt: Attempt): Promise<Ended> =>
  system.install('noop', { type: 'Noop', version: attempt.version });

/** Hands out the catalog that lies in another folder; the centre goes on with its own. */
function serveInstead(folder: string): void {
  system.carrier.instead = (path) => {
    const [, file = ''] = /^\/catalog\/([^/?]+)$/.exec(path) ?? [];
    const other = join(folder, file);
    return file !== '' && existsSync(other) ? readFileSync(other) : undefined;
  };
}

/** A copy of the gallery's catalog that somebody with its keys goes on with. */
function shadow(name: string): { readonly directory: string; readonly stage: Robbed } {
  const directory = join(system.folder, name);
  rmSync(directory, { recursive: true, force: true });
  cpSync(join(gallery, 'metadata'), directory, { recursive: true });
  const options: RepositoryOptions = { directory, keysDirectory: join(gallery, 'keys'), now: () => new Date() };
  const read = (file: string): Buffer => readFileSync(join(directory, file));
  return { directory, stage: { options, read } };
}

const yesterday = { expires: new Date(Date.now() - 86_400_000).toISOString().replace(/\.\d+/, '') };

/** An operation's events, with what it ended with. */
async function inActivityLog(code: string): Promise<boolean> {
  const path = `/subscriptions/${system.operator.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
  const since = new Date(Date.now() - 600_000).toISOString();
  const filter = encodeURIComponent(`eventTimestamp ge '${since}'`);
  const answer = await system.client.arm('GET', `${path}?api-version=2015-04-01&$filter=${filter}`);
  return answer.text.includes(`\\"code\\":\\"${code}\\"`) || answer.text.includes(`"value":"${code}"`);
}

describe('T14 T20 T21 T22 T23 T25 each refusal has its own code, in the centre and on the machine', () => {
  const role = `publisher.${publisher.toLowerCase()}`;
  type Case = readonly [what: string, code: string, prepare: (attempt: Attempt) => Promise<void> | void];
  const cases: readonly Case[] = [
    [
      'expired',
      'CatalogExpired',
      async () => {
        const { directory, stage } = shadow('expired');
        await publishAs(stage, ['targets'], (content) => ({ ...content, ...yesterday }));
        serveInstead(directory);
      },
    ],
    [
      'frozen',
      'CatalogFrozen',
      async () => {
        const { directory, stage } = shadow('frozen');
        await publishAs(stage, ['timestamp'], (content) => ({ ...content, ...yesterday }));
        serveInstead(directory);
      },
    ],
    [
      'rolled back',
      'CatalogRollback',
      async () => {
        const { directory } = shadow('once');
        await system.publish('Noop', `${(version += 1)}.0.0`, { ...noopHandler, 'version.txt': `${version}` });
        // The machine sees what is newer, then what was.
        expect(await install({ version: `${version}.0.0`, path: '' })).toMatchObject({ status: 'Succeeded' });
        expect(await system.remove('noop')).toMatchObject({ status: 'Succeeded' });
        serveInstead(directory);
      },
    ],
    [
      'mixed',
      'CatalogMixed',
      () => {
        const metadata = join(gallery, 'metadata');
        const numbers = readdirSync(metadata)
          .filter((name) => name.endsWith(`.${role}.json`))
          .map((name) => Number(name.split('.')[0]))
          .sort((one, other) => one - other);
        const mixed = join(system.folder, 'mixed');
        mkdirSync(mixed, { recursive: true });
        copyFileSync(join(metadata, `${numbers.at(-2)}.${role}.json`), join(mixed, `${numbers.at(-1)}.${role}.json`));
        serveInstead(mixed);
      },
    ],
    [
      'foreign',
      'CatalogForeign',
      async () => {
        const foreign = join(system.folder, 'foreign');
        const place = { directory: join(foreign, 'metadata'), keysDirectory: join(foreign, 'keys') };
        await createRepository({ ...place, now: () => new Date() });
        serveInstead(place.directory);
      },
    ],
    [
      'changed',
      'CatalogSignatureInvalid',
      () => {
        system.carrier.tamper = (path, body) => (path === '/catalog/timestamp.json' ? Buffer.from('{}') : body);
      },
    ],
    [
      'oversized',
      'CatalogOversized',
      () => {
        system.carrier.tamper = (path, body) =>
          path === '/catalog/timestamp.json' ? Buffer.concat([body, Buffer.alloc(20_000, ' ')]) : body;
      },
    ],
    [
      'a package changed',
      'PackageMismatch',
      (attempt) => {
        system.carrier.tamper = (path, body) => (path === attempt.path ? Buffer.alloc(body.length, 1) : body);
      },
    ],
    [
      'a package oversized',
      'PackageOversized',
      (attempt) => {
        system.carrier.tamper = (path, body) => (path === attempt.path ? Buffer.concat([body, body]) : body);
      },
    ],
  ];

  test.each(cases)('%s: %s', { timeout: patience }, async (_what, code, prepare) => {
    const attempt = await fresh();
    await prepare(attempt);
    const wanted = code === 'CatalogRollback' ? await fresh() : attempt;
    const asked = system.carrier.requests.length;
    const ended = await install(wanted);
    system.carrier.tamper = undefined;
    system.carrier.instead = undefined;
    expect(ended).toMatchObject({ status: 'Failed', error: { code } });
    const resource = JSON.stringify(await system.get(system.extensionPath('noop')));
    expect(resource).toContain('"provisioningState":"Failed"');
    expect(resource).toContain(`"${code}"`);
    expect(await inActivityLog(code)).toBe(true);
    const log = readFileSync(join(system.root, 'var/lib/GuestConfig/ext_mgr_logs/gc_ext.log'), 'utf8');
    expect(log).toContain(code);
    if (code.startsWith('Catalog')) {
      expect(system.carrier.requests.slice(asked).filter((request) => request.includes('/packages/'))).toEqual([]);
    }
    // Whatever was refused left nothing behind that stands in the way of the gallery, which goes on.
    await system.addPublisher(`Contoso.After${version}`);
    const next = await fresh();
    await fresh();
    expect(await install(next)).toMatchObject({ status: 'Succeeded' });
    expect(await system.remove('noop')).toMatchObject({ status: 'Succeeded' });
  });
});

describe('T29 the way back from a root that nobody can sign any more', () => {
  test(
    'only the owner of the server takes it: central cannot, an ordinary user cannot',
    { timeout: patience },
    async () => {
      // The gallery is made anew, with the packages that it had.
      const attempt = await fresh();
      const anew = join(system.folder, 'anew');
      const place = { directory: join(anew, 'metadata'), keysDirectory: join(anew, 'keys') };
      const repository = await createRepository({ ...place, now: () => new Date() });
      await repository.addPublisher(publisher);
      const name = parseExtensionName(`${publisher}/Noop`);
      const parsed = parseHandlerVersion(attempt.version);
      const sha256 = attempt.path.slice('/packages/'.length, -'.zip'.length);
      if (!name.ok || parsed === undefined) throw new Error('they are well-formed');
      const { length } = readFileSync(join(gallery, 'packages', `${sha256}.zip`));
      const machine = { operatingSystem: 'linux', architecture: 'any' } as const;
      await repository.addTarget({ name: name.name, version: parsed, ...machine, length, sha256 });
      serveInstead(place.directory);
      expect(await install(attempt)).toMatchObject({ status: 'Failed', error: { code: 'CatalogForeign' } });
      // The machine says so by itself, without anybody asking for anything.
      const environment = { ...processEnvironment(), root: system.root };
      const program = join(import.meta.dirname, '../../apps/agent/src/main.ts');
      const warned: string[] = [];
      await new CatalogWatch({
        environment,
        program,
        log: (_level, _text, fields) => warned.push(JSON.stringify(fields)),
      }).look();
      expect(readCatalogStatus(system.root)).toMatchObject({ code: 'CatalogForeign' });
      expect(warned).toEqual([expect.stringContaining('CatalogForeign')]);
      expect((await system.azcmagent('show')).output).toMatch(/Signed Catalog +: CatalogForeign: /);

      const root = join(place.directory, '1.root.json');
      const asAnybody = async (...args: readonly string[]): Promise<string> => {
        let output = '';
        const write = (text: string): void => void (output += text);
        const somebody = { ...processEnvironment(), root: system.root, uid: 4711 };
        expect(await runCli(args, somebody, { out: write, err: write }, new AbortController().signal)).not.toBe(0);
        return output;
      };
      expect(await asAnybody('disconnect', '--force-local-only')).toContain('AZCM0018');
      expect(await asAnybody(...connectArguments(system, root))).toContain('AZCM0018');
      expect(await install(attempt)).toMatchObject({ status: 'Failed', error: { code: 'CatalogForeign' } });

      await agent.stop();
      const left = await system.azcmagent('disconnect', '--force-local-only');
      expect(left.code, left.output).toBe(0);
      // The centre forgets the machine that is no more; its owner connects it with the root that was compared with the paper.
      const resource = system.extensionPath('x').split('/extensions/')[0] ?? '';
      await system.client.arm('DELETE', `${resource}?api-version=2024-07-10`);
      const connected = await system.azcmagent(...connectArguments(system, root));
      expect(connected.code, connected.output).toBe(0);
      agent = await system.startAgent();
      expect(await install(attempt)).toMatchObject({ status: 'Succeeded' });
      await new CatalogWatch({ environment, program, log: () => {} }).look();
      expect((await system.azcmagent('show')).output).toMatch(/Signed Catalog +: verified /);
    },
  );
});
