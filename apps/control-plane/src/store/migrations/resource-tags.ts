import type { Kysely } from 'kysely';
import {
  taggedExtension,
  taggedMachine,
  taggedPlain,
  tagRowsOf,
  type TaggedResource,
} from '../../resources/tag-keys.ts';
import type { ExtensionRow } from '../schema/extension-rows.ts';
import type { MachineRow } from '../schema/machine-rows.ts';
import type { PlainResourceRow, ResourceTagRow } from '../schema/resource-rows.ts';

/** Tags by what they are looked up by, with those that are there already (decision 0235). */
export async function resourceTags(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('resource_tags')
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('tag_key', 'text', (column) => column.notNull())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('resource_key', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('resource_tags_key', ['subscription_id', 'kind', 'tag_key', 'place'])
    .execute();
  const tables = db as Kysely<Tables>;
  await takeUpPlain(tables);
  await takeUpMachines(tables);
  await takeUpExtensions(tables);
  // An index is made faster of what is there than kept while it comes.
  await db.schema
    .createIndex('resource_tags_of_resource')
    .on('resource_tags')
    .columns(['kind', 'resource_key'])
    .execute();
}

interface Tables {
  readonly plain_resources: PlainResourceRow;
  readonly machines: MachineRow;
  readonly extensions: ExtensionRow;
  readonly resource_tags: ResourceTagRow;
}

/** Rows that are read, and rows that are written, at once. */
const together = 500;
/** Others in the table are not in lists of resources. */
export const trackedPlainTypes = [
  'Microsoft.HybridCompute/licenses',
  'Microsoft.HybridCompute/machines/licenseProfiles',
  'Microsoft.HybridCompute/privateLinkScopes',
];

async function takeUpPlain(db: Kysely<Tables>): Promise<void> {
  for (let after = ''; ;) {
    const rows = await db
      .selectFrom('plain_resources')
      .select(['resource_key', 'subscription_id', 'tags'])
      .where('resource_key', '>', after)
      .where('type', 'in', trackedPlainTypes)
      .where('tags', '<>', '{}')
      .orderBy('resource_key')
      .limit(together)
      .execute();
    await write(
      db,
      rows.map((row) => [taggedPlain(row), row.tags]),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.resource_key;
  }
}

async function takeUpMachines(db: Kysely<Tables>): Promise<void> {
  for (let after = ''; ;) {
    const rows = await db
      .selectFrom('machines')
      .select(['vm_id', 'subscription_id', 'group_key', 'name_key', 'tags'])
      .where('vm_id', '>', after)
      .where('tags', '<>', '{}')
      .orderBy('vm_id')
      .limit(together)
      .execute();
    await write(
      db,
      rows.map((row) => [taggedMachine(row), row.tags]),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.vm_id;
  }
}

async function takeUpExtensions(db: Kysely<Tables>): Promise<void> {
  let [afterMachine, afterName] = ['', ''];
  for (;;) {
    const rows = await db
      .selectFrom('extensions')
      .innerJoin('machines', 'machines.vm_id', 'extensions.vm_id')
      .select(['machines.vm_id', 'machines.subscription_id', 'machines.group_key', 'machines.name_key'])
      .select(['extensions.name_key as extension', 'extensions.tags'])
      .where((row) =>
        row.or([
          row('extensions.vm_id', '>', afterMachine),
          row.and([row('extensions.vm_id', '=', afterMachine), row('extensions.name_key', '>', afterName)]),
        ]),
      )
      .where('extensions.tags', '<>', '{}')
      .orderBy('extensions.vm_id')
      .orderBy('extensions.name_key')
      .limit(together)
      .execute();
    await write(
      db,
      rows.map((row) => [taggedExtension(row, row.extension), row.tags]),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    [afterMachine, afterName] = [last.vm_id, last.extension];
  }
}

async function write(db: Kysely<Tables>, found: readonly (readonly [TaggedResource, string])[]): Promise<void> {
  const rows = found.flatMap(([resource, tags]) => tagRowsOf(resource, JSON.parse(tags) as Record<string, string>));
  for (let at = 0; at < rows.length; at += together)
    await db
      .insertInto('resource_tags')
      .values(rows.slice(at, at + together))
      .execute();
}
