/** Protected settings on the machine: readable by the handler and by nothing else, wherever one looks (S1.7, T50, T52). */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listPackage, readPackageEntry } from '@sallyport/archive';
import { hasProgram, shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSystem, type TestSystem } from './harness.ts';
import type { Service } from './processes.ts';

const canary = 'canary-7f3c1be2-do-not-leak';
let system: TestSystem;
let agent: Service;

beforeAll(async () => {
  system = await startSystem();
  // While it is enabled the handler leaves its environment and the process list of that moment.
  const enable = `tr '\\\\0' '\\\\n' < /proc/self/environ > "$dir/environ.txt"
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\\\0' '\\\\n' | grep -c '${canary.replace('-', '[-]')}' > "$dir/seen.txt"
cp "$dir/config/$ConfigSequenceNumber.settings" "$dir/settings.copy"
report success 0 'Done'`;
  await system.publish('Secretive', '1.0.0', shellHandler({ enable }));
  agent = await system.startAgent();
});
afterAll(async () => system.stop());

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Bytes as text; '' for a file that is gone by now: the agent is at work and replaces its files. */
function contentOf(path: string): string {
  try {
    return readFileSync(path).toString('latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Files that hold the canary, in clear or in base64. */
function leaks(folder: string): readonly string[] {
  const forms = [
    canary,
    Buffer.from(`"${canary}"`).toString('base64').slice(4, 24),
    Buffer.from(canary).toString('hex'),
  ];
  return filesBelow(folder).filter((path) => {
    const content = contentOf(path);
    return forms.some((form) => content.includes(form));
  });
}

/** Files with a text sealed to a machine: once it has come there, there is none, not even in what the database has freed (T50). */
function sealedTexts(folder: string): readonly string[] {
  const jwe = /eyJ[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{300,}\.[A-Za-z0-9_-]{10,}\./;
  return filesBelow(folder).filter((path) => jwe.test(contentOf(path)));
}

/** Processes that bear the canary in their arguments or environment, as far as this user may see. This one holds it in memory only. */
function seenInProcesses(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    .filter((path) => textOf(path).includes(canary));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Ended or replaced meanwhile, or somebody else's.
    return '';
  }
}

/** Whether a user who owns nothing here gets to it and may read it, as far as the machine's own folders say. */
function isOpenToOthers(path: string): boolean {
  // A file that is being replaced may be gone by now.
  if (((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) === 0) return false;
  for (let folder = dirname(path); folder !== system.root; folder = dirname(folder))
    if ((statSync(folder).mode & 0o001) === 0) return false;
  return true;
}

describe.runIf(hasProgram('openssl'))('protected settings (needs the program openssl)', () => {
  const handler = (): string => join(system.root, 'var/lib/waagent/Contoso.Test.Secretive-1.0.0');

  test('T52 S1.7 the handler can open them; no file, environment, process list, log or database holds them in clear', async () => {
    const ended = await system.install('secretive', {
      type: 'Secretive',
      settings: { open: true },
      protectedSettings: { secret: canary },
    });
    expect(ended).toMatchObject({ status: 'Succeeded' });
    expect(leaks(system.root)).toEqual([]);
    expect(leaks(join(system.folder, 'control-plane'))).toEqual([]);
    await expect.poll(() => sealedTexts(join(system.folder, 'control-plane')), { timeout: 20_000 }).toEqual([]);
    expect(agent.output()).not.toContain(canary);
    // What the handler saw in every process there was at that moment.
    expect(readFileSync(join(handler(), 'seen.txt'), 'utf8').trim()).toBe('0');
    expect(seenInProcesses()).toEqual([]);
    expect(readFileSync(`/proc/${agent.pid}/coredump_filter`, 'utf8').trim()).toBe('00000000');
    expect(readFileSync(join(handler(), 'environ.txt'), 'utf8')).not.toContain(canary);
    expect(JSON.stringify(await system.get(system.extensionPath('secretive')))).not.toContain(canary);
    const copy = JSON.parse(readFileSync(join(handler(), 'settings.copy'), 'utf8')) as {
      readonly runtimeSettings: readonly [{ readonly handlerSettings: Readonly<Record<string, unknown>> }];
    };
    const { publicSettings, protectedSettings, protectedSettingsCertThumbprint } =
      copy.runtimeSettings[0].handlerSettings;
    expect(publicSettings).toEqual({ open: true });
    const pair = join(system.root, 'var/lib/waagent', String(protectedSettingsCertThumbprint));
    expect(statSync(`${pair}.prv`).mode & 0o777).toBe(0o400);
    const opened = execFileSync(
      'openssl',
      ['cms', '-inform', 'DER', '-decrypt', '-recip', `${pair}.crt`, '-inkey', `${pair}.prv`],
      { input: Buffer.from(String(protectedSettings), 'base64') },
    );
    expect(JSON.parse(opened.toString())).toEqual({ secret: canary });
  });

  test('S1.7 S2.4 the centre has erased its sealed copy; what was removed locally comes back with its protected settings', async () => {
    await agent.stop();
    const removed = await system.azcmagent('extension', 'remove', '--name', 'secretive');
    expect(removed.code, removed.output).toBe(0);
    expect(JSON.parse((await system.azcmagent('extension', 'list', '-j')).output)).toEqual([]);
    agent = await system.startAgent();
    await expect
      .poll(async () => JSON.parse((await system.azcmagent('extension', 'list', '-j')).output), { timeout: 60_000 })
      .toMatchObject([{ extension: 'secretive', state: 'ENABLED' }]);
    const settings = readFileSync(join(handler(), 'settings.copy'), 'utf8');
    expect(settings).toMatch(/"protectedSettings": "MII/);
    expect(leaks(system.root)).toEqual([]);
  });

  test('T46 whoever else is on the machine can read neither sealed settings nor a key of it', () => {
    const open = filesBelow(system.root).filter((path) => isOpenToOthers(path));
    // What is installed anyone may read, so this would find more.
    expect(open.filter((path) => path.endsWith('/state.json'))).toHaveLength(1);
    const secret = filesBelow(system.root).filter((path) =>
      /PRIVATE KEY|"protectedSettings": ?"MII|"jwe"/.test(textOf(path)),
    );
    expect(secret.length).toBeGreaterThan(2);
    expect(open.filter((path) => secret.includes(path))).toEqual([]);
  });

  test('azcmagent logs leaves them and every key out', async () => {
    const output = join(system.folder, 'logs.zip');
    const { code, output: said } = await system.azcmagent('logs', '--full', '--output', output, '--json');
    expect(code, said).toBe(0);
    const listed = (JSON.parse(said) as { readonly files: readonly string[] }).files;
    expect(listed).toContain('var/lib/GuestConfig/ext_mgr_logs/gc_ext.log');
    expect(listed.filter((file) => /\.settings$|\.prv$|certs|localsecrets|protected/.test(file))).toEqual([]);
    const archive = openSync(output, 'r');
    const contents = listPackage(archive).map(({ path }) => readPackageEntry(archive, path, 1024 * 1024)?.toString());
    closeSync(archive);
    expect(contents).toHaveLength(listed.length);
    const everything = contents.join('\n');
    expect(everything).toContain('operation begins');
    expect(everything).not.toMatch(/PRIVATE KEY|MII[A-Za-z0-9+/]{40}|eyJ[A-Za-z0-9_-]{20}/);
  });
});
