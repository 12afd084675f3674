/** What `config set` and `config clear` share: make the change, or say why not. */
import {
  changeProperty,
  parsed,
  parseProxyUrl,
  type PropertyChange,
  type PropertyName,
  type ProxyCredentials,
  type Refused,
} from '@sallyport/local-controls';
import { changeControls, type ChangeOutcome } from '../../../config/change-controls.ts';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext } from '../../command.ts';
import { unreadableError } from './controls-in-force.ts';

export type Stored = Extract<ChangeOutcome, { kind: 'stored' }>;

/**
 * Changes one property and speaks the warnings. Throws what `refusalError` makes of a refusal, and AZCM0001 when the controls
 * on the disk cannot be trusted; then nothing is stored.
 */
export function changeOrThrow(
  context: CommandContext,
  name: PropertyName,
  change: PropertyChange,
  refusalError: (refusal: Refused) => AzcmError,
): Stored {
  let warnings: readonly string[] = [];
  const outcome = changeControls(context.environment, (controls) => {
    const changed = changeProperty(controls, name, change);
    if (!changed.ok) return changed;
    ({ warnings } = changed.value);
    return parsed({ controls: changed.value.controls, proxyCredentials: credentialsIn(name, change) });
  });
  if (outcome.kind === 'refused') throw refusalError(outcome.refusal);
  if (outcome.kind === 'unreadable') throw withNothingStored(unreadableError(outcome));
  for (const warning of warnings) context.voice.warn(warning);
  return outcome;
}

function credentialsIn(name: PropertyName, change: PropertyChange): ProxyCredentials | undefined {
  if (name !== 'proxy.url' || change.kind !== 'set') return undefined;
  const url = parseProxyUrl(change.text);
  return url.ok ? url.value.credentials : undefined;
}

function withNothingStored(error: AzcmError): AzcmError {
  const action = 'Nothing was stored: a change now would discard the lists in that file.';
  return new AzcmError(error.code, error.message, [action, ...error.recommendedActions], { cause: error });
}
