/** What tags of resources are looked up by (`resource_tags`): of any length and in any writing they are short keys. Pure. */
import { createHash } from 'node:crypto';
import type { ResourceTagRow } from '../store/schema/resource-rows.ts';

/**
 * The key of a tag's name, or of its name with a value. Names are the same in upper and lower case, values are not (arm-api §0.8). A hash, as
 * an index of PostgreSQL takes no text as long as a name and a value may be; two tags that shared one would only be read in vain.
 */
export function tagKey(name: string, value?: string): string {
  const named = name.toLowerCase();
  const text = JSON.stringify(value === undefined ? [named] : [named, value]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** Everything that tags can be looked up by: each name, and each name with its value. */
function tagKeysOf(tags: Readonly<Record<string, string>>): ReadonlySet<string> {
  return new Set(Object.entries(tags).flatMap(([name, value]) => [tagKey(name), tagKey(name, value)]));
}

/** Which table a resource with tags is in. */
export type TaggedKind = 'plain' | 'machine' | 'extension';

/** A resource as `resource_tags` names it. */
export interface TaggedResource {
  readonly kind: TaggedKind;
  readonly subscriptionId: string;
  /** What its table knows it by. */
  readonly key: string;
  /** Where it stands in the list of its kind: texts in the order of the list. */
  readonly place: string;
}

/** Parts of a place are divided by what sorts before everything that a name may have, so that it is in the order of its parts. */
export const betweenParts = ' ';

export function taggedMachine(machine: {
  readonly vm_id: string;
  readonly subscription_id: string;
  readonly group_key: string;
  readonly name_key: string;
}): TaggedResource {
  return {
    kind: 'machine',
    subscriptionId: machine.subscription_id,
    key: machine.vm_id,
    place: `${machine.group_key}${betweenParts}${machine.name_key}`,
  };
}

/** `nameKey` is the extension's. */
export function taggedExtension(machine: Parameters<typeof taggedMachine>[0], nameKey: string): TaggedResource {
  const { subscriptionId, key, place } = taggedMachine(machine);
  return {
    kind: 'extension',
    subscriptionId,
    key: `${key}/${nameKey}`,
    place: `${place}${betweenParts}${nameKey}`,
  };
}

export function taggedPlain(row: { readonly resource_key: string; readonly subscription_id: string }): TaggedResource {
  return { kind: 'plain', subscriptionId: row.subscription_id, key: row.resource_key, place: row.resource_key };
}

/** The rows of `resource_tags` for the tags that a resource has. */
export function tagRowsOf(resource: TaggedResource, tags: Readonly<Record<string, string>>): readonly ResourceTagRow[] {
  const { kind, subscriptionId, key, place } = resource;
  return [...tagKeysOf(tags)].map((tag_key) => ({
    subscription_id: subscriptionId,
    kind,
    tag_key,
    place,
    resource_key: key,
  }));
}
