/** Writing `localconfig.json` and its last good copy. Call it under the configuration's lock. */
import { readFileSync } from 'node:fs';
import { writeDocument, type ControlsDocument } from '@sallyport/local-controls';
import { isMissing, writeDurably } from '@sallyport/durable-files';
import type { Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { giveToAdministrator } from './configuration-directory.ts';
import { lastGoodPath } from './read-controls.ts';

/**
 * The file first, then its copy: after a crash the file is the old or the new one and the copy is at most one change behind,
 * until {@link repairCopy}.
 */
export function storeDocument(environment: Environment, document: ControlsDocument): void {
  const { localConfig } = agentPaths(environment.root);
  const text = writeDocument(document);
  put(environment, localConfig, text);
  put(environment, lastGoodPath(localConfig), text);
}

/** Makes the last good copy say what the file says, when a writer was killed between the two. */
export function repairCopy(environment: Environment, document: ControlsDocument): void {
  const copy = lastGoodPath(agentPaths(environment.root).localConfig);
  const text = writeDocument(document);
  if (document.generation > 0 && content(copy) !== text) put(environment, copy, text);
}

function put(environment: Environment, path: string, text: string): void {
  writeDurably(path, text, 0o644);
  giveToAdministrator(environment, path);
}

function content(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
