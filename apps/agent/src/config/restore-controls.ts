/** The way back from an unreadable `localconfig.json`: `azcmagent config restore`. */
import {
  allowNone,
  defaultControls,
  documentMostBytes,
  extensionListOf,
  readDocument,
  refused,
  type ControlsDocument,
  type LocalControls,
  type Parsed,
} from '@sallyport/local-controls';
import type { Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { lastGoodPath } from './read-controls.ts';
import { readTrusted } from './read-trusted.ts';
import { storeDocument } from './store-document.ts';
import { underConfigurationLock } from './under-lock.ts';

export type RestoreOutcome =
  | {
      readonly kind: 'restored';
      readonly controls: LocalControls;
      readonly source: 'last-good-copy' | 'nothing-allowed';
    }
  | { readonly kind: 'in-order'; readonly file: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Brings back the last good copy of an unreadable file; with `allowNothing`, where there is no usable copy, the defaults with
 * `Allow/None`: never a moment in which everything is allowed. Controls that can be read are left alone.
 * Throws as {@link underConfigurationLock} does.
 */
export function restoreControls(environment: Environment, allowNothing: boolean): RestoreOutcome {
  const copy = lastGoodPath(agentPaths(environment.root).localConfig);
  return underConfigurationLock(environment, (reading) => {
    if (reading.kind === 'in-force') return { kind: 'in-order', file: reading.file };
    const good = readCopy(environment, copy);
    if (good.ok) {
      const { controls, generation } = good.value;
      storeDocument(environment, { controls, generation: generation + 1 });
      return { kind: 'restored', controls, source: 'last-good-copy' };
    }
    if (!allowNothing) return { kind: 'refused', reason: good.reason };
    const controls = { ...defaultControls, 'extensions.allowlist': extensionListOf([allowNone]) };
    storeDocument(environment, { controls, generation: 1 });
    return { kind: 'restored', controls, source: 'nothing-allowed' };
  });
}

function readCopy(environment: Environment, copy: string): Parsed<ControlsDocument> {
  const read = readTrusted(environment, copy, documentMostBytes);
  if (read.kind === 'missing') return refused(`there is no last good copy (${copy})`);
  if (read.kind === 'distrusted') return refused(read.reason);
  const document = readDocument(read.bytes);
  return document.ok ? document : refused(`${copy} cannot be used: ${document.reason}`);
}
