/** Reads fields of a resource by the names that rules use: `type`, `tags['x']`, and aliases (arm-api §7.3). */
import { isList, isObject, member, type Json, type JsonObject } from '../json.ts';

/** A resource as policy sees it: what a GET would show, without anything protected (S1.7). */
export interface PolicyResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: JsonObject;
}

/** Values of a field: one, or as many as a `[*]` in its name finds. */
export interface FieldValue {
  readonly values: readonly (Json | undefined)[];
  readonly collection: boolean;
}

/** Elements that enclosing `count`s are at, by the alias of their list in lower case. */
export type Elements = ReadonlyMap<string, Json>;

/** Aliases whose path is not what their name says. */
const irregular: Readonly<Record<string, string>> = {
  'microsoft.hybridcompute/imageoffer': 'microsoft.hybridcompute/machines/osname',
};

const tagForms = [/^tags\['((?:[^']|'')*)'\]$/i, /^tags\[([^\]]*)\]$/i, /^tags\.(.+)$/i];

/** The name of the tag that a field names, or undefined when it names something else. */
export function tagOf(field: string): string | undefined {
  for (const form of tagForms) {
    const found = form.exec(field)?.[1];
    if (found !== undefined) return found.replaceAll("''", "'");
  }
  return undefined;
}

/** The path of an alias within `properties` of a type, or undefined when it is an alias of another type. */
export function aliasPath(field: string, type: string): string | undefined {
  const alias = irregular[field.toLowerCase()] ?? field;
  if (!alias.toLowerCase().startsWith(`${type.toLowerCase()}/`)) return undefined;
  const rest = alias.slice(type.length + 1);
  return rest.includes('/') || rest === '' ? undefined : rest;
}

/** The values of a field. A field that the resource does not have is one undefined value. */
export function readField(resource: PolicyResource, field: string, elements: Elements): FieldValue {
  const one = (value: Json | undefined): FieldValue => ({ values: [value], collection: false });
  const tag = tagOf(field);
  if (tag !== undefined) {
    const tags = member(resource.content, 'tags');
    return one(isObject(tags) ? member(tags, tag) : undefined);
  }
  const key = field.toLowerCase();
  if (key === 'id') return one(resource.id);
  if (key === 'type') return one(resource.type);
  if (key === 'name') return one(resource.name.split('/').at(-1));
  if (key === 'fullname') return one(resource.name);
  if (['kind', 'location', 'tags'].includes(key)) return one(member(resource.content, key));
  if (key.startsWith('identity.')) return walk(member(resource.content, 'identity'), field.slice('identity.'.length));
  const element = enclosing(key, elements);
  if (element !== undefined) return walk(element.value, field.slice(element.length).replace(/^\./, ''));
  const path = aliasPath(field, resource.type);
  return path === undefined ? one(undefined) : walk(member(resource.content, 'properties'), path);
}

/** The innermost `count` whose list a field lies in. */
function enclosing(key: string, elements: Elements): { readonly value: Json; readonly length: number } | undefined {
  const [found] = [...elements.keys()]
    .filter((list) => key === list || key.startsWith(`${list}.`) || key.startsWith(`${list}[`))
    .sort((a, b) => b.length - a.length);
  const value = found === undefined ? undefined : elements.get(found);
  return found === undefined || value === undefined ? undefined : { value, length: found.length };
}

function walk(from: Json | undefined, path: string): FieldValue {
  let values: (Json | undefined)[] = [from];
  let collection = false;
  for (const step of path === '' ? [] : path.split('.')) {
    const each = step.endsWith('[*]');
    const name = each ? step.slice(0, -3) : step;
    if (name !== '') values = values.map((value) => (isObject(value) ? member(value, name) : undefined));
    if (!each) continue;
    collection = true;
    values = values.flatMap((value) => (isList(value) ? [...value] : []));
  }
  return { values, collection };
}
