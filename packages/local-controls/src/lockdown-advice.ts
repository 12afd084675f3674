/** Holds a machine against the advice for locked-down machines and says what to change (S6.1, S6.2). */
import { formatExtensionName, type ExtensionName } from '@sallyport/model';
import type { ControlsReading } from './controls-reading.ts';
import { decide } from './decide.ts';
import { commaSeparated, findEntry } from './extension-list.ts';
import { inForce } from './in-force.ts';
import type { LocalControls } from './local-controls.ts';
import { scriptCapableExtensions } from './script-capable.ts';

export const adviceIds = ['controls-trusted', 'allowlist', 'no-script-extension', 'guest-configuration-off'] as const;

export interface Advice {
  readonly id: (typeof adviceIds)[number];
  readonly passed: boolean;
  /** One sentence: what was found. */
  readonly finding: string;
  /** What to run, in this order, to follow the advice. Empty when it is followed. */
  readonly commands: readonly string[];
}

const set = (text: string): string => `azcmagent config set ${text}`;

/** Every piece of advice with its finding. Controls that cannot be trusted have one finding only: that they must be repaired. */
export function lockdownAdvice(reading: ControlsReading): readonly Advice[] {
  if (reading.kind === 'unreadable') {
    const finding = `The local controls cannot be trusted, so nothing can be installed: ${reading.reason}`;
    return [{ id: 'controls-trusted', passed: false, finding, commands: ['azcmagent config restore'] }];
  }
  return [
    { id: 'controls-trusted', passed: true, finding: `${reading.file} is in order.`, commands: [] },
    allowlistAdvice(inForce(reading.controls)),
    scriptAdvice(reading, reading.controls),
    guestConfigurationAdvice(reading.controls),
  ];
}

function allowlistAdvice(controls: LocalControls): Advice {
  const id = 'allowlist';
  if (!controls['extensions.enabled']) {
    return {
      id,
      passed: true,
      finding: 'The extension manager is disabled, so nothing can be installed.',
      commands: [],
    };
  }
  if (controls['extensions.allowlist'].entries.length > 0) {
    return { id, passed: true, finding: 'An allowlist is in force: what it does not name is blocked.', commands: [] };
  }
  return {
    id,
    passed: false,
    finding:
      'No allowlist is set, so extensions that nobody has thought of are allowed. Name what this machine needs, or begin with nothing.',
    commands: [set('extensions.allowlist "Allow/None"')],
  };
}

function scriptAdvice(reading: ControlsReading, controls: LocalControls): Advice {
  const id = 'no-script-extension';
  const allowed = scriptCapableExtensions.filter((name) => decide('install', name, reading).outcome === 'allow');
  if (allowed.length === 0) {
    return { id, passed: true, finding: 'No extension known to run arbitrary scripts can be installed.', commands: [] };
  }
  const finding = `Extensions that run arbitrary scripts as root can be installed, and could change these controls: ${allowed.map(formatExtensionName).join(', ')}.`;
  return { id, passed: false, finding, commands: keepOut(allowed, controls) };
}

/** Commands that keep the extensions out and never open anything else on the way. */
function keepOut(allowed: readonly ExtensionName[], controls: LocalControls): readonly string[] {
  const list = inForce(controls)['extensions.allowlist'];
  if (list.entries.length === 0) {
    const add = controls['extensions.blocklist'].entries.length > 0 ? ' --add' : '';
    return [set(`extensions.blocklist "${commaSeparated(allowed)}"${add}`)];
  }
  const left = list.entries.filter((entry) => !allowed.some((name) => findEntry(list, name) === entry));
  // Removing the last entry would open the list altogether.
  const replaced = left.length === 0 ? 'Allow/None' : commaSeparated(left);
  if (controls['config.mode'] === 'full') return [set(`extensions.allowlist "${replaced}"`)];
  // Leaving monitor mode puts the own lists in force; the manager stands still until they are what they should be.
  return [
    set('extensions.enabled false'),
    set('config.mode full'),
    set(`extensions.allowlist "${replaced}"`),
    ...(controls['guestconfiguration.enabled'] ? [set('guestconfiguration.enabled false')] : []),
    set('extensions.enabled true'),
  ];
}

function guestConfigurationAdvice(controls: LocalControls): Advice {
  const id = 'guest-configuration-off';
  return inForce(controls)['guestconfiguration.enabled']
    ? {
        id,
        passed: false,
        finding: 'Guest configuration is on: a policy assigned centrally runs as root and could change these controls.',
        commands: [set('guestconfiguration.enabled false')],
      }
    : { id, passed: true, finding: 'Guest configuration is off.', commands: [] };
}
