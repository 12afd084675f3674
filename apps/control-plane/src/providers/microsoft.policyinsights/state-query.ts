/** What is asked of policy states: `$filter`, `$apply`, `$orderby`, `$select`, `$top`, as clients of PolicyInsights send them. Pure. */
import { ArmError } from '../../arm/arm-error.ts';
import { parseFilter, type Comparison } from '../../arm/filter.ts';
import { member, type Json, type JsonObject, written } from '../../policy/json.ts';

export type StateRecord = JsonObject;

/** The records that a filter leaves. Fields in any case; texts are compared in any case. Throws {@link ArmError}. */
export function filterStates(records: readonly StateRecord[], text: string | undefined): readonly StateRecord[] {
  const alternatives = (text ?? '')
    .split(/\s+or\s+(?=(?:[^']*'[^']*')*[^']*$)/i)
    .map((one) => parseFilter(one.replace(/^\s*\(|\)\s*$/g, '')));
  return records.filter((record) => alternatives.some((all) => all.every((one) => holds(record, one))));
}

function holds(record: StateRecord, { field, operator, value }: Comparison): boolean {
  const found = valueOf(record, field);
  const [a, b] = [written(found).toLowerCase(), value.toLowerCase()];
  switch (operator) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'ge':
      return a >= b;
    case 'le':
      return a <= b;
    case 'gt':
      return a > b;
    case 'lt':
      return a < b;
  }
}

function valueOf(record: StateRecord, field: string): Json {
  const found = member(record, field);
  if (found !== undefined) return found;
  throw new ArmError('InvalidFilter', `Policy states have no field '${field.slice(0, 100)}'.`);
}

const grouping =
  /^\s*(?:filter\(([^()]*)\)\/)?groupby\(\(([^()]*)\)(?:,\s*aggregate\(\$count as ([A-Za-z]+)\))?\)\s*$/i;
const counting = /^\s*(?:filter\(([^()]*)\)\/)?aggregate\(\$count as ([A-Za-z]+)\)\s*$/i;

/** `groupby((a,b),aggregate($count as n))`, `aggregate($count as n)`, each with a `filter(…)/` before it. Throws {@link ArmError}. */
export function applyTo(records: readonly StateRecord[], text: string): readonly StateRecord[] {
  const [, countFilter, countName] = counting.exec(text) ?? [];
  if (countName !== undefined) return [{ [countName]: filterStates(records, countFilter).length }];
  const [, filter, list, name] = grouping.exec(text) ?? [];
  if (list === undefined)
    throw new ArmError(
      'InvalidFilter',
      `The $apply '${text.slice(0, 100)}' is not possible here; there are groupby((fields),aggregate($count as name)) and aggregate($count as name), after filter(…)/.`,
    );
  const fields = list.split(',').map((one) => one.trim());
  const groups = new Map<string, { readonly group: StateRecord; count: number }>();
  for (const record of filterStates(records, filter)) {
    const group = Object.fromEntries(fields.map((field) => [field, valueOf(record, field)]));
    const key = JSON.stringify(group).toLowerCase();
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { group, count: 1 });
    else known.count += 1;
  }
  return [...groups.values()].map(({ group, count }) => (name === undefined ? group : { ...group, [name]: count }));
}

/** In the order of `$orderby`: `field asc, field desc`. */
export function inOrder(records: readonly StateRecord[], text: string | undefined): readonly StateRecord[] {
  const keys = (text ?? '').split(',').flatMap((one) => {
    const [field = '', direction = 'asc'] = one.trim().split(/\s+/);
    return field === '' ? [] : [{ field, sign: direction.toLowerCase() === 'desc' ? -1 : 1 }];
  });
  if (keys.length === 0) return records;
  return [...records].sort((a, b) => {
    for (const { field, sign } of keys) {
      const [left, right] = [valueOf(a, field), valueOf(b, field)];
      if (typeof left === 'number' && typeof right === 'number' && left !== right) return (left - right) * sign;
      const [one, other] = [written(left).toLowerCase(), written(right).toLowerCase()];
      if (one !== other) return (one < other ? -1 : 1) * sign;
    }
    return 0;
  });
}

/** Only the fields of `$select`. */
export function selected(record: StateRecord, text: string | undefined): StateRecord {
  const fields = (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  return fields.length === 0 ? record : Object.fromEntries(fields.map((field) => [field, valueOf(record, field)]));
}
