/** What there is to be rolled out, from the catalog and the database: every version with the extensions that are to have it. */
import { createHash } from 'node:crypto';
import {
  extensionKey,
  extensionNameOf,
  parseHandlerVersion,
  type ExtensionName,
  type HandlerVersion,
} from '@sallyport/model';
import { agentConfigurationSchema } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import type { CatalogEntry } from '../gallery/catalog-source.ts';
import { readGoal } from '../machines/extension-goal.ts';
import { machineStatus } from '../machines/machine-status.ts';
import type { Services } from '../services.ts';
import type { Reader } from '../store/store.ts';
import type { Rollout, RolloutMember } from './plan-rollout.ts';
import { defaultRolloutSettings } from './rollout-settings.ts';
import { situationOf } from './situation-of.ts';
import { targetVersion } from './target-version.ts';
import {
  defaultMachineUpgradeSettings,
  machineUpgradeSettingsSchema,
  rolloutSettingsSchema,
} from './upgrade-settings.ts';

/** A rollout with what is needed to carry it out. */
export interface GatheredRollout {
  readonly subscriptionId: string;
  readonly extension: ExtensionName;
  readonly version: HandlerVersion;
  /** Nobody has written down yet since when it is known. */
  readonly isNew: boolean;
  readonly rollout: Rollout;
  readonly subjects: ReadonlyMap<string, Subject>;
}

/** The extension that a member of a rollout is. */
export interface Subject {
  readonly vmId: string;
  readonly groupName: string;
  readonly machineName: string;
  readonly extensionName: string;
  readonly installed: string;
  /** The operation that last changed it, by which a later change is noticed. */
  readonly operationId: string;
}

const statusSchema = z.object({ level: z.string(), message: z.string() });
const systemSchema = z.object({ osType: z._default(z.string(), 'linux') });
const minute = 60_000;

/** Every rollout there is something to say about. Throws when the catalog cannot be had. */
export async function gatherRollouts(
  { store, catalog }: Pick<Services, 'store' | 'catalog'>,
  now: number,
): Promise<readonly GatheredRollout[]> {
  const reader = store.read;
  const entries = await catalog.list();
  // A catalog may have thousands of types; those of this fleet are what there is to look for.
  const installed = await installedExtensions(reader);
  const byExtension = Map.groupBy(
    entries.filter((entry) => installed.has(keyOf(entry))),
    keyOf,
  );
  const known = await knownRollouts(reader);
  const settings = await settingsOfSubscriptions(reader);
  const found = new Map<
    string,
    GatheredRollout & { readonly members: RolloutMember[]; readonly subjects: Map<string, Subject> }
  >();
  for (const [key, published] of byExtension) {
    for (const row of await candidates(reader, key, newest(published, key))) {
      const name = extensionNameOf(row.publisher, row.type);
      const version = aimOf(row, published, key);
      if (!name.ok || version === undefined) continue;
      const id = [row.subscription_id, key, version].join(' ');
      const rolloutSettings = settings.get(row.subscription_id) ?? defaultRolloutSettings;
      const gathered = found.get(id) ?? {
        subscriptionId: row.subscription_id,
        extension: name.name,
        version,
        isNew: !known.has(id),
        members: [] as RolloutMember[],
        subjects: new Map<string, Subject>(),
        rollout: { settings: rolloutSettings, knownSince: now, order: undefined, ...known.get(id), members: [] },
      };
      found.set(id, gathered);
      const member = `${row.vm_id}/${row.name_key}`;
      gathered.members.push({
        id: member,
        machine: row.machine_name,
        place: placeOf(row.vm_id, row.name_key, version),
        situation: situationOf(factsOf(row, name.name, version, now), rolloutSettings.soakMinutes * minute, now),
      });
      gathered.subjects.set(member, {
        vmId: row.vm_id,
        groupName: row.group_name,
        machineName: row.machine_name,
        extensionName: row.name,
        installed: row.installed_version,
        operationId: row.operation_id,
      });
    }
  }
  return [...found.values()].map(({ members, ...gathered }) => ({
    ...gathered,
    rollout: { ...gathered.rollout, members },
  }));
}

function keyOf({ publisher, type }: CatalogEntry): string {
  return `${publisher}/${type}`.toLowerCase();
}

/** What is on any machine and may be upgraded by itself. */
async function installedExtensions(reader: Reader): Promise<ReadonlySet<string>> {
  const rows = await reader
    .selectFrom('extensions')
    .select('extension_key')
    .distinct()
    .where((is) => is.or([is('enable_automatic_upgrade', 'is', null), is('enable_automatic_upgrade', '=', 1)]))
    .execute();
  return new Set(rows.map(({ extension_key }) => extension_key));
}

/** The newest release for everybody of every major version, on either system: who has one of these has nothing to wait for. */
function newest(published: readonly CatalogEntry[], key: string): readonly string[] {
  const versions = published.flatMap(({ version }) => parseHandlerVersion(version) ?? []);
  const majors = new Set(versions.map((version) => version.split('.')[0] ?? ''));
  return [...majors].flatMap((major) => {
    const before = parseHandlerVersion(major);
    if (before === undefined) return [];
    return (['linux', 'windows'] as const).flatMap(
      (system) => targetVersion(published, key, system, before)?.version ?? [],
    );
  });
}

type Candidate = Awaited<ReturnType<typeof candidates>>[number];

/** Extensions that are upgraded by themselves and have something else than the newest, or were brought to it by an automatic upgrade. */
function candidates(reader: Reader, key: string, versions: readonly string[]) {
  const newestVersions = versions.length === 0 ? [''] : versions;
  return reader
    .selectFrom('extensions')
    .innerJoin('machines', 'machines.vm_id', 'extensions.vm_id')
    .leftJoin('heartbeats', 'heartbeats.vm_id', 'extensions.vm_id')
    .leftJoin('machine_upgrade_settings', 'machine_upgrade_settings.vm_id', 'extensions.vm_id')
    .leftJoin('operations', 'operations.operation_id', 'extensions.operation_id')
    .leftJoin('automatic_upgrades', (join) =>
      join
        .onRef('automatic_upgrades.vm_id', '=', 'extensions.vm_id')
        .onRef('automatic_upgrades.extension_name_key', '=', 'extensions.name_key')
        // What was there before it was removed and installed again has nothing to do with it.
        .onRef('automatic_upgrades.at', '>=', 'extensions.created_at')
        .on('automatic_upgrades.version', 'in', newestVersions),
    )
    .select([
      'extensions.vm_id',
      'extensions.name_key',
      'extensions.name',
      'extensions.publisher',
      'extensions.type',
      'extensions.installed_version',
      'extensions.operation_id',
      'extensions.status',
      'extensions.goal',
      'machines.subscription_id',
      'machines.group_name',
      'machines.name as machine_name',
      'machines.created_at',
      'machines.key_since',
      'machines.quarantined_at',
      'heartbeats.received_at',
      'heartbeats.connected_since',
      'heartbeats.agent_configuration',
      'heartbeats.system',
      'machine_upgrade_settings.properties as upgrade_settings',
      'operations.ended_at',
      'operations.operation_id as kept_operation',
      'automatic_upgrades.version as attempted',
      'automatic_upgrades.outcome',
      'automatic_upgrades.at',
      'automatic_upgrades.reason',
    ])
    .where('extensions.extension_key', '=', key)
    .where((is) =>
      is.or([is('extensions.enable_automatic_upgrade', 'is', null), is('extensions.enable_automatic_upgrade', '=', 1)]),
    )
    .where('extensions.installed_version', '!=', '')
    .where('extensions.goal', 'is not', null)
    .where((is) =>
      is.or([
        is('extensions.installed_version', 'not in', newestVersions),
        is('automatic_upgrades.version', 'is not', null),
      ]),
    )
    .execute();
}

/** Where it goes, or went: an attempt on a version stays with that version while nothing newer is out. */
function aimOf(row: Candidate, published: readonly CatalogEntry[], key: string): HandlerVersion | undefined {
  const installed = parseHandlerVersion(row.installed_version);
  if (installed === undefined || readGoal(row.goal)?.desired !== 'present') return undefined;
  const { osType } = row.system === null ? { osType: 'linux' } : z.parse(systemSchema, JSON.parse(row.system));
  const target = targetVersion(published, key, osType === 'windows' ? 'windows' : 'linux', installed)?.version;
  return target ?? (row.attempted === null ? undefined : parseHandlerVersion(row.attempted));
}

function factsOf(
  row: Candidate,
  extension: ExtensionName,
  target: HandlerVersion,
  now: number,
): Parameters<typeof situationOf>[0] {
  const settings =
    row.upgrade_settings === null
      ? defaultMachineUpgradeSettings
      : z.parse(machineUpgradeSettingsSchema, JSON.parse(row.upgrade_settings));
  const { received_at, connected_since } = row;
  const heartbeat = received_at === null || connected_since === null ? undefined : { received_at, connected_since };
  const { outcome, at } = row;
  const tried = row.attempted === target && outcome !== null && at !== null;
  return {
    extension,
    target,
    installed: row.installed_version,
    attempt: tried ? { outcome, at, reason: row.reason ?? '' } : undefined,
    busy:
      (row.kept_operation !== null && row.ended_at === null) || readGoal(row.goal)?.protectedSettings.kind === 'sealed',
    status: row.status === null ? undefined : z.parse(statusSchema, JSON.parse(row.status)),
    connected: machineStatus(heartbeat, row, now).status === 'Connected',
    heardAt: heartbeat?.received_at,
    controls:
      row.agent_configuration === null
        ? undefined
        : z.parse(agentConfigurationSchema, JSON.parse(row.agent_configuration)),
    pin: settings.pins.find(({ publisher, type }) => `${publisher}/${type}`.toLowerCase() === extensionKey(extension))
      ?.version,
    windows: settings.windows,
    timeZone: settings.timeZone,
  };
}

/** Another order for every version, the same on every look. */
function placeOf(vmId: string, nameKey: string, version: string): string {
  return createHash('sha256').update(`${vmId} ${nameKey} ${version}`).digest('hex');
}

async function knownRollouts(
  reader: Reader,
): Promise<ReadonlyMap<string, { readonly knownSince: number; readonly order: Rollout['order'] }>> {
  const rows = await reader.selectFrom('rollouts').selectAll().execute();
  return new Map(
    rows.map((row) => [
      [row.subscription_id, row.extension_key, row.version].join(' '),
      {
        knownSince: row.known_since,
        order:
          row.order_kind === null || row.order_at === null ? undefined : { kind: row.order_kind, at: row.order_at },
      },
    ]),
  );
}

async function settingsOfSubscriptions(reader: Reader): Promise<ReadonlyMap<string, Rollout['settings']>> {
  const rows = await reader.selectFrom('rollout_settings').selectAll().execute();
  return new Map(
    rows.map((row) => [row.subscription_id, z.parse(rolloutSettingsSchema, JSON.parse(row.properties))] as const),
  );
}
