/**
 * What to do, decided from what is wanted, what is there and what the server's administrator allows. Pure: every rule of the
 * extension manager is here, every effect in an executor (S4.4–S4.7, S2.4). The centre proposes, the server disposes.
 */
import {
  extensionKey,
  extensionNameOf,
  sameExtension,
  type ExtensionName,
  type HandlerVersion,
  type MalformedExtensionName,
  type OperationFailureCode,
  type OperationKind,
} from '@sallyport/model';
import type { OrderVerdict } from '@sallyport/local-controls';
import type { Explanation, GoalExtension, GoalState } from '@sallyport/model/wire';
import { notSigned } from '../orders/not-signed.ts';
import { isWorking, type InstalledExtension } from '../state/installed-extension.ts';
import { unreadableOf, unreadableSentence, type UnreadableRecord } from '../state/unreadable-record.ts';
import { isConcluded, resourceKey, type Conclusion } from './conclusion.ts';
import { inOrder, skipped, type Placed } from './dependency-levels.ts';
import type { Hosting } from './hosting.ts';
import { returnInOrder, type Held } from './order-of-return.ts';
import type { Permit } from './permission.ts';
import type { Step } from './step.ts';
import { asSeenBy, sharersOf, stepsOff, versionFor } from './shared-handler.ts';
import { begunUpgrade, failedVersion } from './steps-back.ts';
import { stepsToAbsent, stepsToPresent } from './steps-toward.ts';
import { planUpkeep, type Upkeep } from './upkeep.ts';

export interface PlanInput {
  /** Undefined until one was heard: what the machine does on its own needs none. */
  readonly goal: GoalState | undefined;
  /** Every version of every extension on the machine. */
  readonly installed: readonly InstalledExtension[];
  /** Versions of which it is not known how far they have come: nothing is done with their extensions. */
  readonly unreadable?: readonly UnreadableRecord[];
  /** By `resourceKey`. */
  readonly concluded: ReadonlyMap<string, Conclusion>;
  readonly permit: Permit;
  /** Whether enough operators signed what an entry stands for (T10). */
  readonly judge: (entry: GoalExtension) => OrderVerdict;
  readonly hosting: Hosting;
  /** See `UpkeepInput`. */
  readonly machineLife: string;
  readonly isHosted: (extension: InstalledExtension) => boolean;
  /** What the goal state said last of the order among extensions: what the machine does on its own needs no goal state. */
  readonly order?: readonly Placed[];
  /** Operations that the machine's administrator has called off, by id. */
  readonly calledOff?: ReadonlySet<string>;
}

/** A refusal is an answer like any other: it is reported as a failed operation, at once, and costs nothing else. */
export interface Refusal {
  readonly kind: 'refuse';
  readonly entry: GoalExtension;
  readonly code: OperationFailureCode;
  readonly message: string;
  readonly explanation?: Explanation;
  /** How it ends, when that is not a failure. */
  readonly state?: 'Canceled';
}

/** An operation and what is left to do for it; with no steps it is over and only its end has to be reported. */
export interface Performance {
  readonly kind: 'perform';
  readonly entry: GoalExtension;
  readonly name: ExtensionName;
  readonly operation: OperationKind;
  readonly steps: readonly Step[];
}

/** An upgrade that was begun and may not, or shall not, go on: the version before comes back, then its end is told. */
export interface Retreat {
  readonly kind: 'retreat';
  readonly entry: GoalExtension;
  readonly name: ExtensionName;
  /** The version that is given up. */
  readonly version: HandlerVersion;
  readonly because: Refusal;
}

/** Another extension has to come, or go, first: nothing is done, and once that has ended everything is planned anew. */
export interface Wait {
  readonly kind: 'wait';
  readonly entry: GoalExtension;
  readonly for: GoalExtension;
  /** That one, or one before it, waits for signatures: so this does too (T10). */
  readonly isUnsigned: boolean;
}

/** The server's administrator wants it signed, and it is not (T10): nothing is done, and once more signatures come all is planned anew. */
export interface Unsigned {
  readonly kind: 'unsigned';
  readonly entry: GoalExtension;
  readonly message: string;
}

export type Work = Refusal | Performance | Retreat | Upkeep | Held | Wait | Unsigned;

/** By `extensionKey`: whether a handler is one resource's, or each of several has a part of it. */
type Claims = Map<string, 'whole' | 'part'>;

/**
 * One piece of work for each extension that is not as wanted; removals first, then what the machine does on its own. Extensions
 * that are as wanted are left out.
 */
export function plan(input: PlanInput): readonly Work[] {
  const extensions = input.goal?.extensions ?? [];
  const claimed: Claims = new Map();
  const absent = extensions.filter(({ desired }) => desired === 'absent').map((entry) => planAbsent(entry, input));
  const removed = new Set(absent.flatMap((work) => (work?.kind === 'perform' ? [extensionKey(work.name)] : [])));
  const present = extensions
    .filter(({ desired }) => desired === 'present')
    .map((entry) => planPresent(entry, input, claimed));
  const performed = new Set(present.flatMap((work) => (work?.kind === 'perform' ? [extensionKey(work.name)] : [])));
  // To stop what is hosted is the administrator's decision, and takes nothing back.
  const kept = planUpkeep(input, removed).filter(
    ({ purpose, name }) => purpose === 'suspend' || unreadableOf(name, input.unreadable) === undefined,
  );
  const upkeep = returnInOrder(kept, { ...input, order: input.order ?? [] }, performed);
  const works = [...absent, ...upkeep, ...present.map((work) => whileHeld(work, upkeep, input))];
  return inOrder(
    works.filter((work) => work !== undefined),
    extensions,
    {
      isOpen: (entry) => isOpen(entry, input) || comebackOf(entry, upkeep, input) === 'coming',
      hasFailed: (entry) => endOf(entry, input)?.succeeded === false || comebackOf(entry, upkeep, input) === 'failed',
      isBegun: (entry) => isBegun(entry, input),
    },
  );
}

/** How far the machine is with enabling again what an entry stands for. */
function comebackOf(
  entry: GoalExtension,
  upkeep: readonly (Upkeep | Held)[],
  input: PlanInput,
): 'coming' | 'failed' | undefined {
  const key = keyOf(entry);
  const work = upkeep.find(({ name }) => extensionKey(name) === key);
  if (work?.kind === 'held') return work.because;
  if (work?.purpose === 'resume') return 'coming';
  // What is asked for anew may well mend it.
  const hasFailed = input.installed.some(
    ({ name, comeback }) => extensionKey(name) === key && comeback?.kind === 'failed',
  );
  return hasFailed && !isOpen(entry, input) ? 'failed' : undefined;
}

function keyOf({ publisher, type }: GoalExtension): string | undefined {
  const named = extensionNameOf(publisher, type);
  return named.ok ? extensionKey(named.name) : undefined;
}

/** What is held is not changed either, also for another resource of its handler; what was begun goes on. */
function whileHeld(work: Work | undefined, upkeep: readonly (Upkeep | Held)[], input: PlanInput): Work | undefined {
  if (work?.kind !== 'perform' || isBegun(work.entry, input)) return work;
  const held = upkeep.find(
    (one): one is Held => one.kind === 'held' && extensionKey(one.name) === extensionKey(work.name),
  );
  if (held === undefined) return work;
  const { entry } = work;
  const before = input.goal?.extensions.find((one) => resourceKey(one) === resourceKey({ resourceName: held.for }));
  if (held.because === 'coming' && before !== undefined) return { kind: 'wait', entry, for: before, isUnsigned: false };
  return entry.operationDone ? undefined : skipped(entry, held.for);
}

function isBegun({ operationId }: GoalExtension, { installed }: PlanInput): boolean {
  return installed.some((record) => isChangedBy(record, operationId));
}

function isChangedBy({ operation, sharing = [] }: InstalledExtension, operationId: string): boolean {
  return operation.id === operationId || sharing.some((one) => one.operation.id === operationId);
}

function planAbsent(entry: GoalExtension, input: PlanInput): Work | undefined {
  const end = endOf(entry, input);
  const cancellation = calledOff(entry, end, input);
  if (cancellation !== 'none') return cancellation;
  const named = extensionNameOf(entry.publisher, entry.type);
  if (!named.ok) return end === undefined ? refuseName(entry, named.malformed) : undefined;
  const unreadable = unreadableOf(named.name, input.unreadable);
  if (unreadable !== undefined) return refuseUnreadable(entry, end, named.name, unreadable);
  const steps = stepsWithout(entry, recordsOf(named.name, input), sharersOf(entry, input.goal));
  if (steps.length === 0 && (entry.operationDone || end !== undefined)) return undefined;
  if (end?.succeeded === false) return undefined;
  const permission = input.permit('delete', named.name);
  if (!permission.allowed) return refusal(entry, permission);
  const unsigned = whenSigned(entry, input, (why) => why, false);
  if (unsigned !== undefined) return unsigned === 'nothing' ? undefined : unsigned;
  return perform(entry, named.name, 'delete', steps);
}

/** Undefined when it may begin. One that was begun before anybody wanted it signed is taken back, where there is a way back. */
function whenSigned(
  entry: GoalExtension,
  input: PlanInput,
  refused: (refusal: Refusal) => Work,
  isBegunUpgrade: boolean,
): Work | 'nothing' | undefined {
  const verdict = input.judge(entry);
  if (verdict.outcome === 'signed') return undefined;
  const { message, outcome } = verdict;
  // Nobody waits for it, and what is there stays as it is.
  if (entry.operationDone) return 'nothing';
  if (outcome === 'missing' && !isBegunUpgrade) return { kind: 'unsigned', entry, message };
  return refused({ kind: 'refuse', entry, code: 'OperationNotSigned', message, explanation: notSigned(message) });
}

/** Until nothing of the resource is left: its records go, unless others share the handler with it. */
function stepsWithout(
  entry: GoalExtension,
  records: readonly InstalledExtension[],
  sharers: readonly GoalExtension[],
): readonly Step[] {
  if (entry.extensionName === undefined) {
    return stepsToAbsent(records.filter((record) => resourceKey(record) === resourceKey(entry)));
  }
  const { extensionName } = entry;
  return records.flatMap((record) => stepsOff(extensionName, record, sharers.length > 0));
}

function planPresent(entry: GoalExtension, input: PlanInput, claimed: Claims): Work | undefined {
  const end = endOf(entry, input);
  const named = extensionNameOf(entry.publisher, entry.type);
  if (!named.ok) return end === undefined ? refuseName(entry, named.malformed) : undefined;
  const unreadable = unreadableOf(named.name, input.unreadable);
  if (unreadable !== undefined) return refuseUnreadable(entry, end, named.name, unreadable);
  const key = extensionKey(named.name);
  const claim = entry.extensionName === undefined ? 'whole' : 'part';
  const claimedBefore = claimed.get(key);
  const taken = claimedBefore !== undefined && !(claim === 'part' && claimedBefore === 'part');
  claimed.set(key, claimedBefore ?? claim);
  const records = recordsOf(named.name, input);
  const failed = failedVersion(records);
  // Its end is told when the version before is back, or cannot be.
  if (failed?.operation.id === entry.operationId) return undefined;
  const refused = (refusal: Refusal): Work => {
    const begun = entry.operationDone || end !== undefined ? undefined : begunUpgrade(records, entry.operationId);
    if (begun === undefined) return refusal;
    return { kind: 'retreat', entry, name: named.name, version: begun.version, because: refusal };
  };
  const cancellation = calledOff(entry, end, input);
  if (cancellation !== 'none') return cancellation === undefined ? undefined : refused(cancellation);
  // An operation that ended badly is not tried again on its own: the next request, or a local removal, starts anew.
  if (end?.succeeded === false) return undefined;
  if (taken) {
    const message = `Another resource of this machine already stands for ${entry.publisher}/${entry.type}; change or delete that one.`;
    return { kind: 'refuse', entry, code: 'OperationCanceled', message };
  }
  // Whoever has an open request for the handler they share goes first.
  if (entry.operationDone && sharersOf(entry, input.goal).some((one) => isOpen(one, input))) return undefined;
  const version = versionFor(entry, records);
  if (version === undefined) {
    const message = `'${entry.version}' is not a version of an extension.`;
    return { kind: 'refuse', entry, code: 'PackageNotInCatalog', message };
  }
  const seen = asSeenBy(entry, records);
  const steps = stepsToPresent(entry, version, seen, entry.operationDone || end !== undefined);
  if (steps.length === 0) return undefined;
  const operation = operationOf(entry, version, seen);
  const permission = input.permit(operation, named.name);
  if (!permission.allowed) return refused(refusal(entry, permission));
  const unsigned = whenSigned(entry, input, refused, begunUpgrade(records, entry.operationId) !== undefined);
  if (unsigned !== undefined) return unsigned === 'nothing' ? undefined : unsigned;
  // First the version before comes back, then everything is planned anew.
  return failed === undefined ? perform(entry, named.name, operation, steps) : undefined;
}

/** How the operation that an entry stands for ended here; undefined while it is not known to be over. */
function endOf(entry: GoalExtension, input: PlanInput): { readonly succeeded: boolean } | undefined {
  const concluded = input.concluded.get(resourceKey(entry));
  if (concluded?.operationId !== entry.operationId || !isConcluded(concluded)) return undefined;
  return { succeeded: concluded.state === 'Succeeded' };
}

function isOpen(entry: GoalExtension, input: PlanInput): boolean {
  return !entry.operationDone && entry.cancel !== true && endOf(entry, input) === undefined;
}

/**
 * An operation that was canceled before it began here, or after a restart, is over; it is not begun again. Undefined when that has
 * been told already.
 */
function calledOff(
  entry: GoalExtension,
  end: { readonly succeeded: boolean } | undefined,
  { calledOff: here }: PlanInput,
): Refusal | undefined | 'none' {
  const isFromHere = here?.has(entry.operationId) === true;
  if (entry.cancel !== true && !isFromHere) return 'none';
  if (entry.operationDone || end !== undefined) return undefined;
  const who = entry.cancel === true ? 'from the control plane' : "on the machine, by the machine's administrator,";
  const message = `It was canceled ${who} before anything more was done for it here.`;
  return { kind: 'refuse', entry, code: 'OperationCanceled', message, state: 'Canceled' };
}

function refuseName(entry: GoalExtension, malformed: MalformedExtensionName): Refusal {
  const message = `'${malformed.entry}' is not the name of an extension: ${malformed.reason}. A name that is read loosely is a way round a list, so nothing was done.`;
  const explanation = { outcome: 'block', rule: 'malformed-name', message } as const;
  return { kind: 'refuse', entry, code: 'ExtensionNotAllowed', message, explanation };
}

/** Once for each operation; nobody is told of what is only kept up. */
function refuseUnreadable(
  entry: GoalExtension,
  end: { readonly succeeded: boolean } | undefined,
  name: ExtensionName,
  unreadable: UnreadableRecord,
): Refusal | undefined {
  if (entry.operationDone || end !== undefined) return undefined;
  return { kind: 'refuse', entry, code: 'RecordUnreadable', message: unreadableSentence(name, unreadable) };
}

/** Which operation a change is (S4.4): the one that was begun, if it was, so that a restart decides on the same question. */
function operationOf(
  entry: GoalExtension,
  version: HandlerVersion,
  records: readonly InstalledExtension[],
): OperationKind {
  const begun = records.find((record) => record.version === version && record.operation.id === entry.operationId);
  if (begun !== undefined) return begun.operation.kind;
  const current = records.find(isWorking);
  if (current === undefined) return 'install';
  return current.version === version ? 'update' : 'upgrade';
}

function recordsOf(name: ExtensionName, input: PlanInput): readonly InstalledExtension[] {
  return input.installed.filter((record) => sameExtension(record.name, name));
}

function perform(
  entry: GoalExtension,
  name: ExtensionName,
  operation: OperationKind,
  steps: readonly Step[],
): Performance {
  return { kind: 'perform', entry, name, operation, steps };
}

function refusal(
  entry: GoalExtension,
  permission: { readonly code: OperationFailureCode; readonly explanation: Explanation },
): Refusal {
  const { code, explanation } = permission;
  return { kind: 'refuse', entry, code, message: explanation.message, explanation };
}
