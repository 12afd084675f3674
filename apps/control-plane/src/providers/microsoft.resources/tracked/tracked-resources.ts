/**
 * Tracked resources of a subscription in pages: kind after kind, each in the order of an index, so that a page of a large fleet costs
 * what a page of a small one does. What can be said in SQL narrows the rows that are read, and so does what the caller may read; filter and
 * rights are held against each all the same.
 */
import { ArmError } from '../../../arm/arm-error.ts';
import { betweenParts } from '../../../resources/tag-keys.ts';
import { extensions } from './extensions.ts';
import { machines } from './machines.ts';
import { plain } from './plain.ts';
import { stretchesWithin } from '../../../resources/reach/reach.ts';
import type { Placed, Source, SourceQuery } from './source.ts';
import { isBeyond, type Stretch } from '../../../resources/reach/stretch.ts';
import type { TrackedResource } from './tracked-resource.ts';
import { readWithTag } from './with-tag.ts';

export interface ListedResource extends TrackedResource {
  /** Where the list goes on after it. */
  readonly listPlace: string;
}

/** In the order of the list. */
const sources: readonly Source[] = [plain, machines, extensions];

/** Rows that are read at once when the first reading was not enough: some are left out by the filter or because the caller may not see them. */
const chunk = 500;

/** The resources after a place, a few at a time, for as long as somebody wants more. At first `limit` are read. */
export async function* trackedResources(
  query: SourceQuery,
  after: string | undefined,
  limit: number,
): AsyncGenerator<readonly ListedResource[]> {
  const [begin, key] = readPlace(after);
  let rows = Math.min(limit, chunk);
  for (const [index, source] of sources.entries()) {
    if (index < begin) continue;
    const from = index > begin || key === '' ? undefined : placeOfKey(source, key);
    for (const stretch of stretchesOf(source, query)) {
      if (from !== undefined && isBeyond(stretch, from)) continue;
      for await (const found of readStretch(source, query, stretch, from, () => rows)) {
        if (found.length > 0) rows = chunk;
        yield found.map(({ place, resource }) => ({
          ...resource,
          listPlace: `${index}:${keyOfPlace(source, place)}`,
        }));
      }
    }
  }
}

function stretchesOf(source: Source, { narrowing }: SourceQuery): readonly Stretch[] {
  const types = source.types.filter((own) => narrowing.type === undefined || own.toLowerCase() === narrowing.type);
  const scopes = types.flatMap((type) => narrowing.access.scopesOf(`${type}/read`));
  return stretchesWithin(source.order, narrowing, scopes);
}

async function* readStretch(
  source: Source,
  query: SourceQuery,
  stretch: Stretch,
  from: string | undefined,
  rows: () => number,
): AsyncGenerator<readonly Placed[]> {
  const { name, tag } = query.narrowing;
  let after = from === undefined || from < stretch.first ? undefined : from;
  for (;;) {
    const limit = rows();
    if (tag !== undefined && name === undefined) {
      const { found, last } = await readWithTag(source, query, tag, stretch, after, limit);
      yield found;
      after = last;
    } else {
      const found = await source.read(query, stretch, after, limit);
      yield found;
      after = found.length < limit ? undefined : found.at(-1)?.place;
    }
    if (after === undefined) return;
  }
}

function readPlace(place: string | undefined): readonly [number, string] {
  const [, index, key = ''] = /^([0-9]):([^\u0000-\u001f]*)$/.exec(place ?? '0:') ?? [];
  if (index === undefined)
    throw new ArmError(
      'InvalidParameter',
      'The $skiptoken is not of this list. Use the nextLink of the previous page as it is.',
    );
  return [Number(index), key];
}

/** In links the parts of a key are divided as those of an id. */
function placeOfKey({ kind }: Source, key: string): string {
  return kind === 'plain' ? key : key.replaceAll('/', betweenParts);
}

function keyOfPlace({ kind }: Source, place: string): string {
  return kind === 'plain' ? place : place.replaceAll(betweenParts, '/');
}
