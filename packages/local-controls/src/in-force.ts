/** What is in force: the administrator's own settings, or what monitor mode lays over them (S4.9). */
import { emptyList } from './extension-list.ts';
import type { LocalControls } from './local-controls.ts';
import { managedList } from './managed-list.ts';

/**
 * In monitor mode the managed list alone decides, and guest configuration and incoming connections are off; the own lists are
 * set aside, untouched, and come back with full. Idempotent.
 */
export function inForce(controls: LocalControls): LocalControls {
  if (controls['config.mode'] === 'full') return controls;
  return {
    ...controls,
    'extensions.allowlist': managedList,
    'extensions.blocklist': emptyList,
    'guestconfiguration.enabled': false,
    'incomingconnections.enabled': false,
  };
}
