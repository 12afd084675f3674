/** Selectors of assignments and exemptions: which resources, or which members of an initiative, something is for. Pure. */
import { isList, isObject, member, written, type Json } from './json.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyResource } from './rule/field.ts';

const kinds = ['resourcelocation', 'resourcetype', 'resourcewithoutlocation', 'policydefinitionreferenceid'] as const;

export interface Selector {
  readonly kind: (typeof kinds)[number];
  /** Values in lower case; one of the two is there. */
  readonly in: readonly string[] | undefined;
  readonly notIn: readonly string[] | undefined;
}

/** Parses `selectors`. Throws {@link PolicyError} for a kind that is unknown: one that is ignored would select too much. */
export function parseSelectors(json: Json | undefined, where: string): readonly Selector[] {
  if (json === undefined || json === null) return [];
  if (!isList(json)) throw wrong(`'${where}' is a list of selectors.`);
  return json.map((one) => {
    const kind = isObject(one) ? written(one['kind']).toLowerCase() : '';
    const known = kinds.find((name) => name === kind);
    if (!isObject(one) || known === undefined)
      throw wrong(`'${where}' has the kinds ${kinds.join(', ')}, not '${kind}'.`);
    const [among, besides] = [texts(one['in'], where), texts(one['notIn'], where)];
    if ((among === undefined) === (besides === undefined)) throw wrong(`A selector of '${where}' has 'in' or 'notIn'.`);
    return { kind: known, in: among, notIn: besides };
  });
}

/** Parses `resourceSelectors`: sets of selectors, each with a name that says what for. */
export function parseResourceSelectors(json: Json | undefined): readonly (readonly Selector[])[] {
  if (json === undefined || json === null) return [];
  if (!isList(json)) throw wrong("'resourceSelectors' is a list.");
  return json.map((one) => {
    const selectors = isObject(one) ? parseSelectors(one['selectors'], 'resourceSelectors.selectors') : [];
    if (selectors.length === 0) throw wrong("A resource selector needs 'selectors'.");
    if (selectors.some(({ kind }) => kind === 'policydefinitionreferenceid'))
      throw wrong("'resourceSelectors' select by location and type; 'policyDefinitionReferenceId' is for 'overrides'.");
    return selectors;
  });
}

/** Whether a resource fits every selector. Those about members of an initiative are settled before. */
export function selects(selectors: readonly Selector[], resource: PolicyResource): boolean {
  const location = written(member(resource.content, 'location') ?? '').toLowerCase();
  return selectors.every(({ kind, in: among, notIn }) => {
    if (kind === 'policydefinitionreferenceid') return true;
    if (kind === 'resourcewithoutlocation') return (location === '') === (among !== undefined);
    // What has no location is not selected by location, in either direction.
    if (kind === 'resourcelocation' && location === '') return false;
    const value = kind === 'resourcelocation' ? location : resource.type.toLowerCase();
    return among === undefined ? notIn?.includes(value) !== true : among.includes(value);
  });
}

/** Whether the selectors that name members of an initiative fit one; '' is a definition that is assigned by itself. */
export function selectsMember(selectors: readonly Selector[], referenceId: string): boolean {
  return selectors.every(({ kind, in: among, notIn }) => {
    if (kind !== 'policydefinitionreferenceid') return true;
    const value = referenceId.toLowerCase();
    return among === undefined ? notIn?.includes(value) !== true : among.includes(value);
  });
}

function texts(json: Json | undefined, where: string): readonly string[] | undefined {
  if (json === undefined || json === null) return undefined;
  if (!isList(json)) throw wrong(`'in' and 'notIn' of '${where}' are lists.`);
  return json.map((one) => written(one).toLowerCase());
}

function wrong(sentence: string): PolicyError {
  return new PolicyError('InvalidPolicyParameters', sentence);
}
