/** What a write changes of a resource, member by member, in the shape of ARM's what-if. Pure. */
import { isList, isObject, member, type Json, type JsonObject } from '../policy/json.ts';

export interface PropertyChange {
  /** Names with dots; within `children` beneath that of the parent. */
  readonly path: string;
  readonly propertyChangeType: 'Create' | 'Delete' | 'Modify' | 'Array';
  readonly before?: Json;
  readonly after?: Json;
  readonly children?: readonly PropertyChange[];
}

/** Of the members that are written. What is not named at the top stays for the type to say; beneath, it is gone. */
export function propertyChanges(before: JsonObject, sent: JsonObject): readonly PropertyChange[] {
  return Object.entries(sent).flatMap(([name, after]) => {
    const was = member(before, name);
    // `properties` holds what is only shown as well.
    if (name === 'properties' && isObject(was) && isObject(after))
      return propertyChanges(was, after).map((change) => ({ ...change, path: `properties.${change.path}` }));
    return changeOf(name, was, after);
  });
}

function changeOf(path: string, before: Json | undefined, after: Json | undefined): readonly PropertyChange[] {
  if (isAbsent(before) && isAbsent(after)) return [];
  if (isAbsent(before)) return [{ path, propertyChangeType: 'Create', after: after ?? null }];
  if (isAbsent(after)) return [{ path, propertyChangeType: 'Delete', before: before ?? null }];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names
      .flatMap((name) => changeOf(name, before[name], after[name]))
      .map((change) => ({ ...change, path: `${path}.${change.path}` }));
  }
  if (isList(before) && isList(after)) {
    const longest = Math.max(before.length, after.length);
    const children = Array.from({ length: longest }, (_, i) => changeOf(String(i), before[i], after[i])).flat();
    return children.length === 0 ? [] : [{ path, propertyChangeType: 'Array', children }];
  }
  // Names of places are compared as ARM compares them.
  const same = path === 'location' ? written(before) === written(after) : before === after;
  return same ? [] : [{ path, propertyChangeType: 'Modify', before: before ?? null, after: after ?? null }];
}

function isAbsent(value: Json | undefined): boolean {
  return value === undefined || value === null;
}

function written(value: Json | undefined): string {
  return JSON.stringify(value ?? null)
    .toLowerCase()
    .replaceAll(' ', '');
}
