/** What an administrator should know about controls that are being changed, though they are well-formed. */
import { formatExtensionName, type ExtensionName } from '@sallyport/model';
import { allowsNone, findEntry } from './extension-list.ts';
import type { LocalControls, PropertyName } from './local-controls.ts';
import { managedList } from './managed-list.ts';

/** Warnings about the change of one property. Only what that change brings about. */
export function warningsAbout(before: LocalControls, after: LocalControls, changed: PropertyName): readonly string[] {
  if (changed === 'extensions.allowlist') {
    return [...openedAllowlist(before, after), ...entriesBesideNone(after), ...onBothLists(after)];
  }
  if (changed === 'extensions.blocklist') return onBothLists(after);
  if (changed === 'extensions.signers') return signersAllNeeded(after);
  return changed === 'config.mode' && after['config.mode'] === 'monitor' ? listsSetAside(after) : [];
}

/** The last entry of an allowlist does not close the door when it goes: it opens it (S4.3). */
function openedAllowlist(before: LocalControls, after: LocalControls): readonly string[] {
  if (before['extensions.allowlist'].entries.length === 0 || after['extensions.allowlist'].entries.length > 0)
    return [];
  const rest =
    after['extensions.blocklist'].entries.length > 0
      ? 'everything that the blocklist does not name'
      : 'every extension';
  return [
    `The allowlist is now empty, so ${rest} is allowed. To allow nothing: azcmagent config set extensions.allowlist "Allow/None"`,
  ];
}

function entriesBesideNone(after: LocalControls): readonly string[] {
  const allowlist = after['extensions.allowlist'];
  if (!allowsNone(allowlist) || allowlist.entries.length === 1) return [];
  return [
    'Allow/None is on the allowlist, so nothing can be installed; the other entries have no effect while it is there.',
  ];
}

function onBothLists(after: LocalControls): readonly string[] {
  const both = after['extensions.allowlist'].entries.filter((entry) => findEntry(after['extensions.blocklist'], entry));
  return both.length === 0 ? [] : [`On both lists, and therefore blocked: ${names(both)}.`];
}

/** In monitor mode only the managed list is in force, so what an own list keeps out comes in. Said before it surprises anyone. */
function listsSetAside(after: LocalControls): readonly string[] {
  const allowlist = after['extensions.allowlist'];
  const blocked = managedList.entries.filter((entry) => findEntry(after['extensions.blocklist'], entry));
  const left = managedList.entries.filter((entry) => !findEntry(allowlist, entry));
  return [
    ...(blocked.length === 0
      ? []
      : [`Your blocklist is set aside in monitor mode, which allows what it blocks: ${names(blocked)}.`]),
    ...(allowlist.entries.length === 0 || left.length === 0
      ? []
      : [`Your allowlist is set aside in monitor mode, which allows what it does not: ${names(left)}.`]),
  ];
}

/** Nobody but the server's administrator can mend that, and only on the server. */
function signersAllNeeded({ 'extensions.signers': value }: LocalControls): readonly string[] {
  if (value === 'off' || value.needed < value.signers.length) return [];
  return [
    'All of the signers have to sign: when one key is lost, nothing can be installed, changed or removed from the control plane until you name others here.',
  ];
}

function names(entries: readonly ExtensionName[]): string {
  return entries.map(formatExtensionName).join(', ');
}
