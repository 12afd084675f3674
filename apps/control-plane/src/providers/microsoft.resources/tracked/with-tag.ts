/** Resources that have a tag, by `resource_tags`: what has none of it is not read (decision 0235). */
import { tagKey } from '../../../resources/tag-keys.ts';
import type { Placed, Source, SourceQuery } from './source.ts';
import type { Stretch } from '../../../resources/reach/stretch.ts';

/** The next ones of a stretch after a place, in order, and the place of the last one that was looked at. */
export async function readWithTag(
  source: Source,
  query: SourceQuery,
  tag: { readonly name: string; readonly value: string | undefined },
  { first, end }: Stretch,
  after: string | undefined,
  limit: number,
): Promise<{ readonly found: readonly Placed[]; readonly last: string | undefined }> {
  let tagged = query.reader
    .selectFrom('resource_tags')
    .select(['place', 'resource_key'])
    .where('subscription_id', '=', query.narrowing.subscriptionId)
    .where('kind', '=', source.kind)
    .where('tag_key', '=', tagKey(tag.name, tag.value));
  tagged = after === undefined ? tagged.where('place', '>=', first) : tagged.where('place', '>', after);
  if (end !== undefined) tagged = tagged.where('place', '<', end);
  const rows = await tagged.orderBy('place').limit(limit).execute();
  if (rows.length === 0) return { found: [], last: undefined };
  const found = await source.find(
    query,
    rows.map((row) => row.resource_key),
  );
  const byPlace = new Map(found.map((one) => [one.place, one]));
  return {
    found: rows.flatMap(({ place }) => byPlace.get(place) ?? []),
    last: rows.length < limit ? undefined : rows.at(-1)?.place,
  };
}
