/** T82: what the agent brings onto servers is a reviewed list; nothing on it runs a script when it is installed. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dependencyClosure } from './dependency-closure.ts';

const root = join(import.meta.dirname, '..');

test('T82 the agent depends on exactly what its reviewed list says, and nothing of it has an install script', () => {
  const closure = dependencyClosure(root, 'apps/agent');
  const reviewed = readFileSync(join(root, 'apps/agent/dependencies.txt'), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  expect(closure.map(({ name, version }) => `${name} ${version}`)).toEqual(reviewed);
  expect(closure.filter((entry) => entry.hasInstallScript)).toEqual([]);
});

test('T82 every direct dependency has its line in docs/decisions/dependencies.md', () => {
  const record = readFileSync(join(root, 'docs/decisions/dependencies.md'), 'utf8');
  const direct = new Set<string>();
  const manifests = [
    'package.json',
    ...['packages', 'apps', 'extensions'].flatMap((kind) =>
      readdirSync(join(root, kind)).map((name) => `${kind}/${name}/package.json`),
    ),
  ];
  for (const manifest of manifests) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      readFileSync(join(root, manifest), 'utf8'),
    ) as Record<string, Record<string, string>>;
    for (const name of Object.keys({ ...dependencies, ...devDependencies }))
      if (!name.startsWith('@sallyport/')) direct.add(name);
  }
  expect([...direct].filter((name) => !record.includes(`\`${name}\``))).toEqual([]);
});

test('T82 versions are exact, and the lock file names no download address', () => {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  expect(lock).not.toMatch(/"resolved": "https?:/);
  const loose = [...readFileSync(join(root, 'package.json'), 'utf8').matchAll(/"[^"]+": "([~^][^"]+)"/g)].map(
    (match) => match[0],
  );
  expect(loose).toEqual([]);
});
