/** Changing the local controls: read, change and write under one lock, so that two administrators lose nothing (T55). */
import {
  documentMostBytes,
  refused,
  writeDocument,
  type LocalControls,
  type Parsed,
  type ProxyCredentials,
  type Refused,
} from '@sallyport/local-controls';
import type { Environment } from '../platform/environment.ts';
import { addCredentials, keepCredentialsOf, requireKnownCredentials } from './proxy-credentials.ts';
import { repairCopy, storeDocument } from './store-document.ts';
import { underConfigurationLock } from './under-lock.ts';

export interface ControlsChange {
  readonly controls: LocalControls;
  /** Credentials that the new `proxy.url` was given with. */
  readonly proxyCredentials?: ProxyCredentials | undefined;
}

export type ChangeOutcome =
  | {
      readonly kind: 'stored';
      readonly before: LocalControls;
      readonly after: LocalControls;
      readonly generation: number;
    }
  | { readonly kind: 'refused'; readonly refusal: Refused }
  | { readonly kind: 'unreadable'; readonly file: string; readonly reason: string };

/**
 * Applies `change` to the controls on the disk. Writes only what has changed, the generation counted up by one and the last
 * good copy after it. An unreadable file is left as it is: a change on top of it would discard its lists in silence.
 * Throws as {@link underConfigurationLock} and {@link requireKnownCredentials} do, and what the file system says; then the old controls stay.
 */
export function changeControls(
  environment: Environment,
  change: (controls: LocalControls) => Parsed<ControlsChange>,
): ChangeOutcome {
  return underConfigurationLock(environment, (reading) => {
    if (reading.kind === 'unreadable') return reading;
    const { controls: before, generation } = reading;
    const changed = change(before);
    if (!changed.ok) return { kind: 'refused', refusal: changed };
    const { controls: after, proxyCredentials } = changed.value;
    // What could not be read again must not be written.
    const text = writeDocument({ controls: after, generation });
    if (Buffer.byteLength(text) > documentMostBytes - 100) return { kind: 'refused', refusal: tooLarge };
    const isAnotherProxy = after['proxy.url'] !== before['proxy.url'];
    if (isAnotherProxy || proxyCredentials !== undefined) requireKnownCredentials(environment);
    repairCopy(environment, { controls: before, generation });
    // First the credentials, then the address that needs them, then away with those nobody needs: killed in between, the
    // address that is in force still has its own.
    if (proxyCredentials !== undefined) addCredentials(environment, after['proxy.url'], proxyCredentials);
    if (text === writeDocument({ controls: before, generation })) return { kind: 'stored', before, after, generation };
    storeDocument(environment, { controls: after, generation: generation + 1 });
    if (isAnotherProxy) keepCredentialsOf(environment, after['proxy.url']);
    return { kind: 'stored', before, after, generation: generation + 1 };
  });
}

const tooLarge = refused(`the lists are too long: the file would be larger than ${documentMostBytes} bytes`);
