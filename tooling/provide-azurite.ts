/**
 * Azurite for the tests of Azure Blob storage. It has 240 MB, so it is no dependency of the workspace: the test command installs it once
 * into a cache folder, from a lock file of its own and without running any script of it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const wanted = join(import.meta.dirname, 'azurite');
const cache = join(import.meta.dirname, '../node_modules/.cache/sallyport-azurite');
const files = ['package.json', 'package-lock.json'];
const folder = join(cache, 'node_modules/azurite');
/** Written when everything is there. */
const whole = join(cache, 'whole');

/** Whether a run of these tests (paths as vitest takes them; none means all) comes to those that use it. */
export function usesAzurite(paths: readonly string[]): boolean {
  const words = paths.filter((path) => !path.startsWith('-'));
  const tests = ['packages/cloud-storage/src/azure-storage.test.ts', 'tests/system/storage.test.ts'];
  return (
    words.length === 0 || words.some((word) => tests.some((test) => test.includes(word.replace(/^\.\/|\/$/g, ''))))
  );
}

/** Installs it if need be and tells the tests where it is; says what is left out when that does not work. */
export function provideAzurite(): void {
  if (process.env['TEST_AZURITE_FOLDER'] !== undefined) return;
  if (!isThere()) install();
  if (isThere()) process.env['TEST_AZURITE_FOLDER'] = folder;
  else process.stdout.write('Missing: azurite (npm): the tests of Azure Blob storage. What needs it is left out.\n');
}

function isThere(): boolean {
  return (
    existsSync(whole) && files.every((file) => readFileSync(join(wanted, file)).equals(readFileSync(join(cache, file))))
  );
}

function install(): void {
  process.stdout.write('Installing from npm, for the tests of Azure Blob storage: azurite (240 MB, once)\n');
  rmSync(whole, { force: true });
  mkdirSync(cache, { recursive: true });
  for (const file of files) copyFileSync(join(wanted, file), join(cache, file));
  const npm = process.env['npm_execpath'];
  const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const args = ['ci', '--prefix', cache, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--silent'];
  const run = spawnSync(program, [...first, ...args], { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] });
  if (run.status === 0) writeFileSync(whole, '');
}
