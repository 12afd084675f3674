/** Holds an answer against a published model of its resource type: what is unknown, missing, of another type or format is named. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

const reference = z.object({ $ref: z.string() });
const property = z.object({ type: reference, flags: z.number() });
const modelType = z.looseObject({
  $type: z.string(),
  name: z.optional(z.string()),
  body: z.optional(reference),
  properties: z.optional(z.record(z.string(), property)),
  additionalProperties: z.optional(reference),
  itemType: z.optional(reference),
  elements: z.optional(z.array(reference)),
  value: z.optional(z.string()),
  pattern: z.optional(z.string()),
  discriminator: z.optional(z.string()),
});
type ModelType = z.infer<typeof modelType>;

export interface PublishedModel {
  /** Whether it knows a type. */
  has(type: string): boolean;
  /** What is wrong with a resource of a type, one sentence each. */
  faults(type: string, resource: unknown): readonly string[];
}

/** Flags of a property: only ever in requests. */
const writeOnly = 4;
/** Names that only a deployment has. */
const deployTime = new Set(['apiVersion']);
/** What a read has to have. */
const always = ['id', 'name', 'type'];

/** Reads a model of `tests/published-models`. */
export function publishedModel(name: string): PublishedModel {
  const path = join(import.meta.dirname, '../published-models', `${name}.types.json`);
  const types = z.array(modelType).parse(JSON.parse(readFileSync(path, 'utf8')));
  const at = ({ $ref }: z.infer<typeof reference>): ModelType => {
    const found = types[Number($ref.slice(2))];
    if (found === undefined) throw new Error(`The model '${name}' has no type ${$ref}.`);
    return found;
  };

  function check(type: ModelType, value: unknown, where: string): readonly string[] {
    switch (type.$type) {
      case 'AnyType':
        return [];
      case 'StringType':
        return typeof value === 'string' ? [] : [`${where} is no text`];
      case 'IntegerType':
        return Number.isInteger(value) ? [] : [`${where} is no whole number`];
      case 'BooleanType':
        return typeof value === 'boolean' ? [] : [`${where} is neither true nor false`];
      case 'StringLiteralType':
        return value === type.value ? [] : [`${where} is not '${type.value ?? ''}'`];
      case 'UnionType': {
        const each = (type.elements ?? []).map((one) => check(at(one), value, where));
        return each.some((faults) => faults.length === 0) ? [] : (each[0] ?? []);
      }
      case 'ArrayType': {
        if (!Array.isArray(value)) return [`${where} is no list`];
        const { itemType } = type;
        return itemType === undefined ? [] : value.flatMap((one, i) => check(at(itemType), one, `${where}[${i}]`));
      }
      case 'ObjectType':
      case 'DiscriminatedObjectType':
        return checkObject(type, value, where);
      default:
        throw new Error(`The model '${name}' has a type '${type.$type}' that is not understood.`);
    }
  }

  function checkObject(type: ModelType, value: unknown, where: string): readonly string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${where} is no object`];
    return Object.entries(value).flatMap(([key, one]) => {
      const known = type.properties?.[key];
      if (known !== undefined && !deployTime.has(key)) {
        if ((known.flags & writeOnly) !== 0) return [`${where}.${key} is only ever written`];
        return check(at(known.type), one, `${where}.${key}`);
      }
      if (type.additionalProperties === undefined) return [`${where}.${key} is unknown`];
      return check(at(type.additionalProperties), one, `${where}.${key}`);
    });
  }

  const resourceType = (type: string): ModelType | undefined =>
    types.find((one) => one.$type === 'ResourceType' && one.name?.split('@')[0] === type);

  return {
    has: (type) => resourceType(type) !== undefined,
    faults: (type, resource) => {
      const found = resourceType(type);
      if (found?.body === undefined) throw new Error(`The model '${name}' has no resource '${type}'.`);
      const missing = always.filter((key) => typeof resource !== 'object' || resource === null || !(key in resource));
      return [...missing.map((key) => `${key} is missing`), ...check(at(found.body), resource, type)];
    },
  };
}
