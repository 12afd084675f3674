/** What `azcmagent config set` and `clear` do to the controls: pure, so that it can run again under the lock. */
import { formatExtensionName } from '@sallyport/model';
import { inForce } from './in-force.ts';
import type { LocalControls, PropertyName } from './local-controls.ts';
import { parsed, refused, type Parsed } from './parsed.ts';
import { formatValue, propertyOf } from './properties.ts';
import { warningsAbout } from './warnings.ts';

/** `set` replaces; `add` and `remove` change a list; `clear` goes back to the default. */
export type PropertyChange =
  | { readonly kind: 'set' | 'add' | 'remove'; readonly text: string }
  | { readonly kind: 'clear' };

export interface ChangedControls {
  readonly controls: LocalControls;
  /** Sentences the administrator should read. The change is made all the same. */
  readonly warnings: readonly string[];
}

/** The controls after a change, or why it is not made. Nothing is half made. */
export function changeProperty(
  controls: LocalControls,
  name: PropertyName,
  change: PropertyChange,
): Parsed<ChangedControls> {
  if (controls['config.mode'] === 'monitor' && propertyOf(name).inMonitor === 'refused') return refused(inMonitor);
  const value = changedValue(controls, name, change);
  if (!value.ok) return value;
  const after: LocalControls = { ...controls, [name]: value.value };
  if (
    controls['config.mode'] === 'monitor' &&
    propertyOf(name).inMonitor === 'governed' &&
    formatValue(after, name) !== formatValue(inForce(controls), name)
  ) {
    return refused(inMonitor);
  }
  return parsed({
    controls: after,
    warnings: [...missing(controls, name, change), ...warningsAbout(controls, after, name)],
  });
}

const inMonitor = 'monitor mode decides it; go back to full mode first with: azcmagent config set config.mode full';

function changedValue<P extends PropertyName>(
  controls: LocalControls,
  name: P,
  change: PropertyChange,
): Parsed<LocalControls[P]> {
  const { kind, default: initial } = propertyOf(name);
  if (change.kind === 'clear') return parsed(initial);
  // An unset shell variable must not clear a list in silence.
  if (change.text.trim() === '') return refused(`the value is empty; to reset it: azcmagent config clear ${name}`);
  const given = kind.parse(change.text);
  if (!given.ok || change.kind === 'set') return given;
  if (kind.list === undefined) return refused('--add and --remove are for lists only');
  return parsed(
    change.kind === 'add'
      ? kind.list.union(controls[name], given.value)
      : kind.list.difference(controls[name], given.value),
  );
}

/** A misspelt entry that is "removed" is still there: say so. */
function missing(controls: LocalControls, name: PropertyName, change: PropertyChange): readonly string[] {
  if (change.kind !== 'remove' || (name !== 'extensions.allowlist' && name !== 'extensions.blocklist')) return [];
  const given = propertyOf(name).kind.parse(change.text);
  if (!given.ok) return [];
  return given.value.entries
    .filter((entry) => !controls[name].byKey.has(formatExtensionName(entry).toLowerCase()))
    .map((entry) => `${formatExtensionName(entry)} was not on ${name}.`);
}
