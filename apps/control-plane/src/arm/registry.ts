/** Finds the handler for a target. Resource types are rows; ARM paths do not fit a route table. */
import type { ArmHandler, ArmMethod } from './arm-request.ts';
import { ArmError } from './arm-error.ts';
import type { ResourceType } from './resource-type.ts';
import type { Target } from './target.ts';

export interface Registry {
  readonly types: readonly ResourceType[];
  /** The row of a target. Throws {@link ArmError} for a type that is not served there. */
  typeOf(target: Target): ResourceType;
  /** The row of a type that is served. */
  rowOf(type: string): ResourceType;
}

/** A registry of these rows. Throws when two rows claim the same type. */
export function createRegistry(types: readonly ResourceType[]): Registry {
  const rows = new Map<string, ResourceType>();
  for (const row of types) {
    const key = row.type.toLowerCase();
    if (rows.has(key)) throw new Error(`The resource type ${row.type} is registered twice.`);
    rows.set(key, row);
  }
  return {
    types,
    rowOf: (type) => {
      const row = rows.get(type.toLowerCase());
      if (row === undefined) throw new Error(`The resource type ${type} is not registered.`);
      return row;
    },
    typeOf: (target) => {
      const row = rows.get(target.typeKey);
      if (row?.scopes.includes(target.scope)) return row;
      const [namespace = '', ...rest] = target.typeKey.split('/');
      throw new ArmError(
        'InvalidResourceType',
        `The resource type '${rest.join('/')}' could not be found in the namespace '${namespace}' at this scope.`,
      );
    },
  };
}

/**
 * The handler of a method. A HEAD on a resource that can be read says whether it is there (arm-api §3). Throws {@link ArmError}
 * `MethodNotAllowed` with the methods there are.
 */
export function handlerOf(row: ResourceType, target: Target, method: string): ArmHandler {
  const methods = methodsOf(row, target);
  const handler = isMethod(method) ? methods[method] : undefined;
  if (handler !== undefined) return handler;
  const allowed = Object.keys(methods).join(', ');
  throw new ArmError(
    'MethodNotAllowed',
    `${method} is not possible here${allowed === '' ? '' : `; there is ${allowed}`}. Check the path and the method.`,
    undefined,
    { allowed },
  );
}

function methodsOf(row: ResourceType, target: Target): Partial<Record<ArmMethod, ArmHandler>> {
  const methods = row[target.shape] ?? {};
  const { GET } = methods;
  if (target.shape === 'collection' || GET === undefined) return methods;
  return {
    HEAD: (request) => GET(request).then(({ status }) => ({ status: status === 200 ? 204 : status })),
    ...methods,
  };
}

function isMethod(text: string): text is ArmMethod {
  return ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'].includes(text);
}
