/** Templates of ARM: what is read of one before anything is deployed. Pure. */
import { isList, isObject, member, type Json, type JsonObject, written } from '../policy/json.ts';
import { TemplateError } from './template-error.ts';

export interface Template {
  readonly parameters: JsonObject;
  readonly variables: JsonObject;
  /** As they stand in the template; each once, whatever `copy` says. */
  readonly resources: readonly TemplateResource[];
  readonly outputs: JsonObject;
}

/** A resource with its expressions not yet evaluated. */
export interface TemplateResource {
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly whole: JsonObject;
  /** The resource that it is written within. */
  readonly parent: TemplateResource | undefined;
}

/** Reads a template. Throws {@link TemplateError}. */
export function parseTemplate(json: Json | undefined): Template {
  if (!isObject(json)) throw new TemplateError('A template is an object.');
  const resources = member(json, 'resources') ?? [];
  const functions = member(json, 'functions') ?? [];
  if (!isList(functions) || functions.length > 0)
    throw new TemplateError("Functions of a template's own are not carried out by this control plane.");
  return {
    parameters: objectIn(json, 'parameters'),
    variables: objectIn(json, 'variables'),
    resources: readResources(resources, undefined),
    outputs: objectIn(json, 'outputs'),
  };
}

function objectIn(json: JsonObject, name: string): JsonObject {
  const value = member(json, name) ?? {};
  if (isObject(value)) return value;
  throw new TemplateError(`'${name}' of a template is an object.`);
}

function readResources(json: Json, parent: TemplateResource | undefined): readonly TemplateResource[] {
  // Newer templates name their resources.
  const list = isObject(json) ? Object.values(json) : json;
  if (!isList(list)) throw new TemplateError("'resources' of a template is a list.");
  return list.flatMap((one, index) => {
    if (!isObject(one)) throw new TemplateError(`'resources[${index}]' is an object.`);
    const [type, name, apiVersion] = ['type', 'name', 'apiVersion'].map((key) => {
      const value = member(one, key);
      if (typeof value !== 'string' || value === '')
        throw new TemplateError(
          `'resources[${index}]' needs '${key}'; it has '${written(value ?? null).slice(0, 50)}'.`,
        );
      return value;
    });
    const resource: TemplateResource = {
      type: parent === undefined || (type ?? '').includes('.') ? (type ?? '') : `${parent.type}/${type ?? ''}`,
      name: name ?? '',
      apiVersion: apiVersion ?? '',
      whole: one,
      parent,
    };
    const within = member(one, 'resources');
    return [resource, ...(within === undefined ? [] : readResources(within, resource))];
  });
}
