/**
 * Tags that a control plane of an older version has written since `resource_tags` is there (decision 0235): while several are brought to a
 * newer version one after the other, the older ones write tags without it. Whoever starts takes up what was changed since then, and the
 * last to start comes after the last of the older ones, so that no tag stays missing.
 */
import { readTags } from '../arm/tags.ts';
import type { Services } from '../services.ts';
import { trackedPlainTypes } from '../store/migrations/resource-tags.ts';
import type { Reader, Writer } from '../store/store.ts';
import { renewTags } from './keep-tags.ts';
import { taggedExtension, taggedMachine, taggedPlain, tagRowsOf, type TaggedResource } from './tag-keys.ts';

const migration = 'resource-tags';
/** After this nobody is still on the way from one version to the next. Milliseconds. */
const longestUpdate = 7 * 24 * 3_600_000;
/** A database that was made by this version or a later one had its first migration no longer before it than this. Milliseconds. */
const madeAtOnce = 10 * 60_000;
/** Clocks of control planes differ. Milliseconds. */
const clocksDiffer = 10 * 60_000;
/** Rows that are looked at together. */
const together = 500;

/**
 * Since when older versions may have left out tags; undefined where none can have: the database was never theirs, or it is long ago.
 * Milliseconds since 1970.
 */
export async function tagsLeftOutSince(reader: Reader, now: number): Promise<number | undefined> {
  const rows = await reader.selectFrom('kysely_migration').select(['name', 'timestamp']).orderBy('name').execute();
  const made = Date.parse(rows.at(0)?.timestamp ?? '');
  const migrated = Date.parse(rows.find(({ name }) => name.endsWith(`-${migration}`))?.timestamp ?? '');
  // What cannot be read as a time is treated as an update that has just begun: looking once more costs little.
  if (Number.isNaN(made) || Number.isNaN(migrated)) return now - longestUpdate;
  if (migrated - made < madeAtOnce || now - migrated > longestUpdate) return undefined;
  return migrated - clocksDiffer;
}

/** A resource that was changed since then, and its tags as they are stored. */
interface Tagged {
  readonly resource: TaggedResource;
  readonly tags: string;
}

type Pages = (reader: Reader, since: number, after: string) => Promise<readonly Tagged[]>;

/** In the order of their keys, from the one after `after` on. */
const kinds: readonly Pages[] = [
  async (reader, since, after) => {
    const rows = await reader
      .selectFrom('machines')
      .select(['vm_id', 'subscription_id', 'group_key', 'name_key', 'tags'])
      .where('vm_id', '>', after)
      .where('changed_at', '>=', since)
      .orderBy('vm_id')
      .limit(together)
      .execute();
    return rows.map((row) => ({ resource: taggedMachine(row), tags: row.tags }));
  },
  async (reader, since, after) => {
    const [machine = '', name = ''] = after.split('/');
    const rows = await reader
      .selectFrom('extensions')
      .innerJoin('machines', 'machines.vm_id', 'extensions.vm_id')
      .select(['machines.vm_id', 'machines.subscription_id', 'machines.group_key', 'machines.name_key'])
      .select(['extensions.name_key as extension', 'extensions.tags'])
      .where('extensions.changed_at', '>=', since)
      .where((row) =>
        row.or([
          row('extensions.vm_id', '>', machine),
          row.and([row('extensions.vm_id', '=', machine), row('extensions.name_key', '>', name)]),
        ]),
      )
      .orderBy('extensions.vm_id')
      .orderBy('extensions.name_key')
      .limit(together)
      .execute();
    return rows.map((row) => ({ resource: taggedExtension(row, row.extension), tags: row.tags }));
  },
  async (reader, since, after) => {
    const rows = await reader
      .selectFrom('plain_resources')
      .select(['resource_key', 'subscription_id', 'tags'])
      .where('resource_key', '>', after)
      .where('changed_at', '>=', since)
      .where('type', 'in', trackedPlainTypes)
      .orderBy('resource_key')
      .limit(together)
      .execute();
    return rows.map((row) => ({ resource: taggedPlain(row), tags: row.tags }));
  },
];

/** Takes up what was left out; gives of how many resources. Ends early when it is told to, and begins anew with the next start. */
export async function mendTags(
  { store, environment }: Pick<Services, 'store' | 'environment'>,
  signal: AbortSignal,
): Promise<number> {
  const since = await tagsLeftOutSince(store.read, environment.now());
  if (since === undefined) return 0;
  let mended = 0;
  for (const pages of kinds) {
    for (let after = ''; !signal.aborted;) {
      const page = await pages(store.read, since, after);
      for (const { resource } of await wronglyKept(store.read, page)) {
        await store.observe(async (writer) => ({ value: await mend(writer, resource), events: [] }));
        mended += 1;
      }
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.resource.key;
    }
  }
  return mended;
}

/** Those whose rows are not those of their tags. */
async function wronglyKept(reader: Reader, page: readonly Tagged[]): Promise<readonly Tagged[]> {
  const [first] = page;
  if (first === undefined) return [];
  const rows = await reader
    .selectFrom('resource_tags')
    .select(['resource_key', 'tag_key', 'place'])
    .where('kind', '=', first.resource.kind)
    .where(
      'resource_key',
      'in',
      page.map(({ resource }) => resource.key),
    )
    .execute();
  const kept = Map.groupBy(rows, ({ resource_key }) => resource_key);
  return page.filter(({ resource, tags }) => {
    const wanted = new Set(tagRowsOf(resource, readTags(tags)).map(({ tag_key }) => tag_key));
    const own = kept.get(resource.key) ?? [];
    return own.length !== wanted.size || !own.every((row) => wanted.has(row.tag_key) && row.place === resource.place);
  });
}

/** By the tags that it has now: somebody may have changed them since they were read. */
async function mend(writer: Writer, resource: TaggedResource): Promise<void> {
  const tags = await tagsNow(writer, resource);
  if (tags !== undefined) await renewTags(writer, resource, tags);
}

async function tagsNow(writer: Writer, { kind, key }: TaggedResource): Promise<string | undefined> {
  if (kind === 'plain') {
    const plain = writer.selectFrom('plain_resources').select('tags').where('resource_key', '=', key);
    return (await plain.executeTakeFirst())?.tags;
  }
  const [vmId = '', name = ''] = key.split('/');
  if (kind === 'machine')
    return (await writer.selectFrom('machines').select('tags').where('vm_id', '=', vmId).executeTakeFirst())?.tags;
  const extension = writer.selectFrom('extensions').select('tags').where('vm_id', '=', vmId);
  return (await extension.where('name_key', '=', name).executeTakeFirst())?.tags;
}
