/** What a workspace brings along when it is installed: the closure of its runtime dependencies, from the lock file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.optional(z.string()),
      link: z.optional(z.boolean()),
      resolved: z.optional(z.string()),
      hasInstallScript: z.optional(z.boolean()),
      dependencies: z.optional(z.record(z.string(), z.string())),
    }),
  ),
});

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly hasInstallScript: boolean;
}

/** Third-party packages that `workspace` (`apps/agent`, say) needs at run time, sorted by name. */
export function dependencyClosure(root: string, workspace: string): readonly LockedPackage[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const found = new Map<string, LockedPackage>();
  const seen = new Set<string>();
  const visit = (place: string): void => {
    if (seen.has(place)) return;
    seen.add(place);
    const entry = packages[place];
    if (entry === undefined) throw new Error(`package-lock.json has no entry '${place}'`);
    if (entry.link === true && entry.resolved !== undefined) {
      visit(entry.resolved);
      return;
    }
    const name = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place)?.[1];
    if (name !== undefined)
      found.set(place, { name, version: entry.version ?? '', hasInstallScript: entry.hasInstallScript ?? false });
    for (const dependency of Object.keys(entry.dependencies ?? {})) visit(resolve(place, dependency));
  };
  /** Node's own search: the nearest node_modules up the tree. */
  const resolve = (from: string, name: string): string => {
    for (let at = from; ; at = at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : '') {
      const candidate = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
      if (packages[candidate] !== undefined) return candidate;
      if (at === '') throw new Error(`package-lock.json does not hold '${name}', needed by '${from}'`);
    }
  };
  visit(workspace);
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}
