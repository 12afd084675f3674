/** The agent as it is shipped: `azcmagent.cjs`, one file beside Node. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

const root = join(import.meta.dirname, '../..');

/** Builds it into the directory `output`. Gives the file's path. */
export async function buildAgent(output = join(root, 'dist')): Promise<string> {
  const code = await bundle({ input: join(root, 'apps/agent/src/main.ts'), target: 'node26', minify: true });
  mkdirSync(output, { recursive: true });
  const file = join(output, 'azcmagent.cjs');
  writeFileSync(file, code);
  return file;
}
