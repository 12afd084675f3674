/** What the manager knows of one version of one extension on this machine, and its form on disk. */
import type { DisabledExtension } from '@sallyport/handler-contract';
import {
  extensionNameOf,
  operationKinds,
  parseHandlerVersion,
  type ExtensionName,
  type HandlerVersion,
  type OperationKind,
} from '@sallyport/model';
import { explanationSchema } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import type { ProgramDigests } from '../verify/program-digests.ts';

/**
 * How far a version has come. `fetching`: its tree is about to be put in its place; nothing relies on it. `placed`: verified and unpacked, nothing of it has run. `updated`: its update command has run, the
 * version before is still there. `installed`: its install command has run, or it was disabled. `enabled`: it is meant to work.
 * `uninstalled`: its uninstall command has run and only its files are left. `kept`: the same, and they lie aside until the version
 * after it has proven itself.
 */
export const phases = ['fetching', 'placed', 'updated', 'installed', 'enabled', 'uninstalled', 'kept'] as const;
export type Phase = (typeof phases)[number];

const upgradeFailureSchema = z.object({
  state: z.enum(['Failed', 'Canceled', 'TimedOut']),
  /** Of the catalogue of the version that wrote it, which may be a newer one: it is told, and nothing is decided by it. */
  code: z.string(),
  message: z.string(),
  explanation: z.optional(explanationSchema),
  /** Whether the disable command of the version before may have run. */
  disabledBefore: z.boolean(),
  /** Why the version before did not come back either; it is not tried again. */
  stuck: z.optional(z.string()),
});

/** Why an upgrade to a version ended badly. As long as it stands there, the version before it is on its way back (T85). */
export type UpgradeFailure = Readonly<z.infer<typeof upgradeFailureSchema>>;

const comebackSchema = z.discriminatedUnion('kind', [
  /** It was enabled, and others wait for what it says of itself. */
  z.object({ kind: z.literal('awaited') }),
  /** It could not be, or said that it does not work; it is not tried again in this life of the machine. */
  z.object({ kind: z.literal('failed'), why: z.string() }),
]);
export type Comeback = Readonly<z.infer<typeof comebackSchema>>;

/**
 * One of the extensions of a handler that resources share (handler contract §5), as far as it was enabled. While the handler's
 * phase is `enabled` these are; in any other phase they are those that were enabled last.
 */
export interface SharingExtension {
  /** Its name within the handler: of its settings, its status, and its calls. */
  readonly extensionName: string;
  readonly resourceName: string;
  readonly enabledSequence: number;
  /** The same as its handler is told it: 0 for one without settings. */
  readonly handlerSequence: number;
  readonly operation: { readonly id: string; readonly kind: OperationKind };
  /** It has been told to stop, and what is its own is being deleted: it is not enabled again (T84). */
  readonly leaving?: true | undefined;
}

export interface InstalledExtension {
  readonly name: ExtensionName;
  readonly version: HandlerVersion;
  /** The ARM resource that it was installed for. */
  readonly resourceName: string;
  readonly phase: Phase;
  /** The operation that last changed it. */
  readonly operation: { readonly id: string; readonly kind: OperationKind };
  /** The sequence of the settings that it was last enabled with. */
  readonly enabledSequence?: number;
  /** Exit codes of the version before, once its commands were run (handler contract §4). */
  readonly disableExitCode?: number;
  readonly uninstallExitCode?: number;
  readonly failure?: UpgradeFailure;
  /** It was stopped, or is being stopped, because the manager is disabled, and comes back with it (S4.11). */
  readonly suspended?: boolean;
  /** The life of the machine in which it was last enabled. */
  readonly enabledIn?: string;
  /** What the agent starts of it, as it may be started (T56). Absent for one that an earlier agent brought. */
  readonly programs?: ProgramDigests;
  /** Its publisher has declared that it needs a network while it is installed (T43). Absent: it has not. */
  readonly needsNetworkToInstall?: true;
  /** How its being enabled again stands, as long as that has not come to a good end. */
  readonly comeback?: Comeback;
  /** Present, if only as an empty list, for a version whose handler is shared; absent for one that belongs to one resource. */
  readonly sharing?: readonly SharingExtension[];
  /** How the disable commands of the version before ended, where it was shared. */
  readonly disabledSharing?: readonly DisabledExtension[];
}

/** Installed as far as its own commands are concerned, whether or not it is meant to work at this moment. */
export function isWorking({ phase, failure }: Pick<InstalledExtension, 'phase' | 'failure'>): boolean {
  return failure === undefined && (phase === 'installed' || phase === 'enabled');
}

/** A version that is meant to work from now on. What its commands had to be told of the version before is over. */
export function asEnabled(record: InstalledExtension, machineLife: string): InstalledExtension {
  const { uninstallExitCode: _told, disableExitCode: _toldToo, suspended: _over, ...others } = record;
  const { disabledSharing: _toldAsWell, comeback: _overToo, ...rest } = others;
  return { ...rest, phase: 'enabled', enabledIn: machineLife };
}

const integer = z.int();
const operationSchema = z.object({ id: z.string(), kind: z.enum(operationKinds) });

const sharingSchema = z.object({
  extensionName: z.string(),
  resourceName: z.string(),
  enabledSequence: integer,
  handlerSequence: integer,
  operation: operationSchema,
  leaving: z.optional(z.literal(true)),
});

const stored = z.object({
  format: z.literal(1),
  publisher: z.string(),
  type: z.string(),
  version: z.string(),
  resourceName: z.string(),
  phase: z.enum(phases),
  operation: operationSchema,
  enabledSequence: z.optional(integer),
  disableExitCode: z.optional(integer),
  uninstallExitCode: z.optional(integer),
  failure: z.optional(upgradeFailureSchema),
  suspended: z.optional(z.boolean()),
  enabledIn: z.optional(z.string()),
  comeback: z.optional(comebackSchema),
  programs: z.optional(z.record(z.string(), z.string())),
  needsNetworkToInstall: z.optional(z.literal(true)),
  sharing: z.optional(z.array(sharingSchema)),
  disabledSharing: z.optional(z.array(z.object({ extensionName: z.string(), exitCode: z.optional(integer) }))),
});

/** The stored form to the value; fails on anything the manager would not have written. */
export const installedExtensionSchema: z.ZodMiniType<InstalledExtension> = z.pipe(
  stored,
  z.transform((value, context) => {
    const name = extensionNameOf(value.publisher, value.type);
    const version = parseHandlerVersion(value.version);
    if (!name.ok || version === undefined) {
      context.issues.push({ code: 'custom', message: 'its name or version is malformed', input: value });
      return z.NEVER;
    }
    const {
      enabledSequence,
      disableExitCode,
      uninstallExitCode,
      failure,
      suspended,
      enabledIn,
      comeback,
      sharing,
      programs,
      needsNetworkToInstall,
    } = value;
    const disabledSharing = value.disabledSharing?.map((one) => ({ exitCode: undefined, ...one }));
    return {
      name: name.name,
      version,
      resourceName: value.resourceName,
      phase: value.phase,
      operation: value.operation,
      ...(enabledSequence === undefined ? {} : { enabledSequence }),
      ...(disableExitCode === undefined ? {} : { disableExitCode }),
      ...(uninstallExitCode === undefined ? {} : { uninstallExitCode }),
      ...(failure === undefined ? {} : { failure }),
      ...(suspended === undefined ? {} : { suspended }),
      ...(enabledIn === undefined ? {} : { enabledIn }),
      ...(comeback === undefined ? {} : { comeback }),
      ...(programs === undefined ? {} : { programs }),
      ...(needsNetworkToInstall === undefined ? {} : { needsNetworkToInstall }),
      ...(sharing === undefined ? {} : { sharing }),
      ...(disabledSharing === undefined ? {} : { disabledSharing }),
    };
  }),
);

/** The value to its stored form. */
export function storedForm(extension: InstalledExtension): unknown {
  const { name, ...rest } = extension;
  return { format: 1, publisher: name.publisher, type: name.type, ...rest };
}
