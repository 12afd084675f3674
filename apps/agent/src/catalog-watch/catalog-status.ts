/** What the last look at the signed catalog found: for `azcmagent show` and the log, by everybody on the machine. No decision rests on it. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { ensureDirectory } from '../platform/directory.ts';
import { readJsonFile, showJsonFile } from '../platform/json-file.ts';
import { agentPaths } from '../platform/paths.ts';

const catalogStatusSchema = z.object({
  format: z.literal(1),
  /** ISO 8601, UTC. */
  checked: z.string(),
  /** The code and sentence of what refused it; '' when it was verified. */
  code: z.string(),
  message: z.string(),
  /** When what was verified expires. */
  roles: z.array(z.object({ role: z.string(), expires: z.string() })),
});
export type CatalogStatus = z.infer<typeof catalogStatusSchema>;

function path(root: string): string {
  return join(agentPaths(root).run, 'catalog.json');
}

/** Undefined when nobody has looked since the machine started, or the file cannot be read. */
export function readCatalogStatus(root: string): CatalogStatus | undefined {
  try {
    return readJsonFile(path(root), catalogStatusSchema);
  } catch {
    // Only shown, never relied on.
    return undefined;
  }
}

export function writeCatalogStatus(root: string, status: CatalogStatus): void {
  ensureDirectory(agentPaths(root).run, 0o755);
  showJsonFile(path(root), status, 0o644);
}
