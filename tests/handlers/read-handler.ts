/** Handlers as folders beside this file: written against the public contract, not against this project. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { PackageFiles } from '@sallyport/testkit';

/** The files of one, as a package takes them. */
export function readHandler(name: 'python' | 'shell' | 'go'): PackageFiles {
  const folder = join(import.meta.dirname, name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), readFileSync(path)];
    }),
  );
}
