/** Dependencies point one way: apps → packages → model. Apps never import each other (DESIGN, layout). */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Which packages each package may import besides itself. A new edge is a decision: write it here. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  'local-controls': ['model'],
  'handler-contract': ['model'],
  'durable-files': [],
  'machine-statement': ['model'],
  catalog: ['model', 'durable-files'],
  archive: [],
  pki: [],
  'blob-storage': [],
  'cloud-storage': ['blob-storage', 'durable-files', 'model'],
  testkit: ['model'],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function imports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

test('packages import only the packages they may', () => {
  const wrong: string[] = [];
  for (const name of readdirSync(join(root, 'packages'))) {
    for (const file of sources(join(root, 'packages', name, 'src'))) {
      for (const target of imports(file)) {
        const other = /^@sallyport\/([^/]+)/.exec(target)?.[1];
        const isTest = file.endsWith('.test.ts');
        if (other !== undefined && !(allowed[name] ?? []).includes(other) && !(isTest && other === 'testkit')) {
          wrong.push(`${relative(root, file)} imports ${target}`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('apps and extensions never import each other, and nothing reaches into another folder by path', () => {
  const wrong: string[] = [];
  for (const kind of ['apps', 'extensions', 'packages']) {
    for (const name of readdirSync(join(root, kind))) {
      const home = join(root, kind, name);
      for (const file of sources(join(home, 'src'))) {
        for (const target of imports(file)) {
          const escapes = target.startsWith('.') && relative(home, join(file, '..', target)).startsWith('..');
          const app = /^@sallyport\/(agent|control-plane|gallery|cli|portal|extension-)/.test(target);
          if (escapes || app) wrong.push(`${relative(root, file)} imports ${target}`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});
