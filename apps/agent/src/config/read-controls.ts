/** The local controls as they are on the disk. Anyone may read what is in force (S4.10). */
import { lstatSync } from 'node:fs';
import { defaultControls, documentMostBytes, readDocument, type ControlsReading } from '@sallyport/local-controls';
import { isMissing } from '@sallyport/durable-files';
import type { Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { readTrusted } from './read-trusted.ts';

/** The last good copy of a file. */
export function lastGoodPath(path: string): string {
  return `${path}.last-good`;
}

/**
 * Reads `localconfig.json`. A machine where it never existed is freshly installed and allows everything; one where it has
 * gone is not: removed controls must not mean "no lists" (T54, T55). Never throws.
 */
export function readControls(environment: Environment): ControlsReading {
  const file = agentPaths(environment.root).localConfig;
  const unreadable = (reason: string): ControlsReading => ({ kind: 'unreadable', file, reason });
  const read = readTrusted(environment, file, documentMostBytes);
  if (read.kind === 'distrusted') {
    return { ...unreadable(`${read.reason}.`), ...(read.closed === undefined ? {} : { closed: read.closed }) };
  }
  if (read.kind === 'missing') {
    return wasThere(file)
      ? unreadable(`${file} is missing, and its last good copy says that there was one; ${bringBack}.`)
      : { kind: 'in-force', controls: defaultControls, file, generation: 0 };
  }
  const document = readDocument(read.bytes);
  return document.ok
    ? { kind: 'in-force', controls: document.value.controls, file, generation: document.value.generation }
    : unreadable(`${file} cannot be used: ${document.reason}; ${bringBack}.`);
}

const bringBack = 'bring back the last good copy with: azcmagent config restore';

/** Whatever lies there, readable or not, and whatever cannot be told: there was a file. */
function wasThere(file: string): boolean {
  try {
    lstatSync(lastGoodPath(file));
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}
