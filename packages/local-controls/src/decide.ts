/**
 * The decision: may this operation on this extension happen on this machine (S4.3–S4.11)? Pure and total. Everyone who decides
 * or explains calls this one function.
 */
import { formatExtensionName, type ExtensionName, type OperationKind } from '@sallyport/model';
import type { ControlsReading } from './controls-reading.ts';
import { allowsNone, findEntry } from './extension-list.ts';
import { inForce } from './in-force.ts';

/** Every rule that can decide. */
export const decisionRules = [
  'extension-manager-disabled',
  'local-controls-unreadable',
  'delete-always-allowed',
  'on-blocklist',
  'allow-none',
  'on-managed-list',
  'not-on-managed-list',
  'on-allowlist',
  'not-on-allowlist',
  'not-on-blocklist',
  'no-list-set',
] as const;
export type DecisionRule = (typeof decisionRules)[number];

/** The answer and its reason. Fits the `Explanation` that is reported to the centre. */
export interface Verdict {
  readonly outcome: 'allow' | 'block' | 'cannot-run';
  readonly rule: DecisionRule;
  /** One sentence: the operation, the answer, the list, the entry and the file it rests on. */
  readonly message: string;
  /** The entry of the list that decided, as it is written there. */
  readonly entry?: string;
  readonly file: string;
}

/** Decides. The order of the rules is the order of the lines below. */
export function decide(operation: OperationKind, extension: ExtensionName, reading: ControlsReading): Verdict {
  const subject = `${gerunds[operation]} ${formatExtensionName(extension)}`;
  const verdict = (
    outcome: Verdict['outcome'],
    rule: DecisionRule,
    because: string,
    entry?: ExtensionName,
  ): Verdict => ({
    outcome,
    rule,
    message: `${subject} ${outcomes[outcome]}: ${because}`,
    ...(entry === undefined ? {} : { entry: formatExtensionName(entry) }),
    file: reading.file,
  });
  const { file } = reading;

  if (reading.kind === 'unreadable') {
    // What is disabled cannot be known either; deleting stays possible so that a machine can always be cleaned up.
    return operation === 'delete'
      ? verdict('allow', 'delete-always-allowed', `a delete is always accepted, even while ${file} cannot be trusted.`)
      : verdict('block', 'local-controls-unreadable', `the local controls cannot be trusted: ${reading.reason}`);
  }
  const controls = inForce(reading.controls);
  if (!controls['extensions.enabled']) {
    return verdict('cannot-run', 'extension-manager-disabled', `extensions.enabled is false in ${file}.`);
  }
  if (operation === 'delete') {
    return verdict('allow', 'delete-always-allowed', 'a delete is always accepted, whatever the lists say.');
  }
  const allowlist = controls['extensions.allowlist'];
  const blocklist = controls['extensions.blocklist'];

  const blocked = findEntry(blocklist, extension);
  if (blocked !== undefined) {
    const named = `extensions.blocklist in ${file} names ${formatExtensionName(blocked)}.`;
    return verdict('block', 'on-blocklist', named, blocked);
  }
  if (allowsNone(allowlist)) {
    const none = `extensions.allowlist in ${file} holds Allow/None, so nothing can be installed.`;
    return verdict('block', 'allow-none', none, allowlist.byKey.get('allow/none'));
  }
  const allowed = findEntry(allowlist, extension);
  if (controls['config.mode'] === 'monitor') {
    return allowed === undefined
      ? verdict(
          'block',
          'not-on-managed-list',
          `config.mode is monitor in ${file}, and its managed list does not name it.`,
        )
      : verdict(
          'allow',
          'on-managed-list',
          `config.mode is monitor in ${file}, and its managed list names it.`,
          allowed,
        );
  }
  if (allowed !== undefined) {
    const named = `extensions.allowlist in ${file} names ${formatExtensionName(allowed)}.`;
    return verdict('allow', 'on-allowlist', named, allowed);
  }
  if (allowlist.entries.length > 0) {
    return verdict('block', 'not-on-allowlist', `extensions.allowlist is set in ${file} and does not name it.`);
  }
  if (blocklist.entries.length > 0) {
    return verdict(
      'allow',
      'not-on-blocklist',
      `extensions.blocklist in ${file} does not name it, and no allowlist is set.`,
    );
  }
  return verdict('allow', 'no-list-set', `neither extensions.allowlist nor extensions.blocklist is set in ${file}.`);
}

const gerunds: Readonly<Record<OperationKind, string>> = {
  install: 'Installing',
  update: 'Reconfiguring',
  upgrade: 'Upgrading',
  delete: 'Deleting',
};

const outcomes: Readonly<Record<Verdict['outcome'], string>> = {
  allow: 'is allowed',
  block: 'is blocked',
  'cannot-run': 'cannot run',
};
