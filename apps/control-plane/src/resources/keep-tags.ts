/** Keeps `resource_tags` in step with the tags of a resource, in the transaction that changes them. */
import { readTags } from '../arm/tags.ts';
import type { Writer } from '../store/store.ts';
import { tagRowsOf, type TaggedKind, type TaggedResource } from './tag-keys.ts';

/** A resource has its tags from now on, which were others before; undefined for one that is new. Both as they are stored. */
export async function keepTags(
  writer: Writer,
  resource: TaggedResource,
  before: string | undefined,
  tags: string,
): Promise<void> {
  if (tags === before) return;
  if (before !== undefined && before !== noTags) await dropTags(writer, resource);
  await addTags(writer, resource, tags);
}

/** The same where nothing is known of what was kept before. */
export async function renewTags(writer: Writer, resource: TaggedResource, tags: string): Promise<void> {
  await dropTags(writer, resource);
  await addTags(writer, resource, tags);
}

async function dropTags(writer: Writer, { kind, key }: TaggedResource): Promise<void> {
  const former = writer.deleteFrom('resource_tags').where('kind', '=', kind);
  await former.where('resource_key', '=', key).execute();
}

async function addTags(writer: Writer, resource: TaggedResource, tags: string): Promise<void> {
  if (tags === noTags) return;
  const { key } = resource;
  await writer
    .insertInto('resource_tags')
    .values(tagRowsOf(resource, readTags(tags)))
    // Left by a control plane of an older version that still ran beside this one.
    .onConflict((conflict) =>
      conflict.columns(['subscription_id', 'kind', 'tag_key', 'place']).doUpdateSet({ resource_key: key }),
    )
    .execute();
}

const noTags = '{}';

/** A resource is gone, with everything beneath it that is of that kind. `key` is the one of its table. */
export async function forgetTags(writer: Writer, kind: TaggedKind, key: string): Promise<void> {
  await writer
    .deleteFrom('resource_tags')
    .where('kind', '=', kind)
    .where((row) =>
      row.or([
        row('resource_key', '=', key),
        row.and([row('resource_key', '>', `${key}/`), row('resource_key', '<', `${key}0`)]),
      ]),
    )
    .execute();
}
