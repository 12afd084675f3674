/**
 * ARM resource ids, parsed once: case-insensitive keywords, any depth, leading slashes collapsed (arm-api §0.2, §0.3).
 * `/subscriptions/{s}/resourceGroups/{g}/providers/{ns}/{type}/{name}[/{type}/{name}…][/providers/…]`
 */

/** One provider section of an id: a namespace and its type/name pairs, outermost first. */
export interface ProviderSection {
  readonly namespace: string;
  readonly types: readonly string[];
  /** One name for each type; one less when the id is that of a collection. */
  readonly names: readonly string[];
}

export interface ResourceId {
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  /** True for `/subscriptions/{s}/resourceGroups`, the collection. */
  readonly resourceGroupCollection?: true;
  /** More than one for extension resources such as a role assignment on a machine. */
  readonly providers: readonly ProviderSection[];
}

/** The id of a path (query and host already cut off), or undefined when it is not an ARM path. Never throws. */
export function parseResourceId(path: string): ResourceId | undefined {
  const segments: string[] = [];
  for (const raw of path.split('/')) {
    if (raw === '') continue;
    const segment = decode(raw);
    if (segment === undefined || segment === '' || /[\u0000-\u001f/\\?#]/.test(segment)) return undefined;
    segments.push(segment);
  }
  let at = 0;
  const keyword = (word: string): boolean => segments[at]?.toLowerCase() === word;
  const id: { -readonly [K in keyof ResourceId]: ResourceId[K] } & { providers: ProviderSection[] } = { providers: [] };
  if (keyword('subscriptions')) {
    const subscriptionId = segments[at + 1];
    if (subscriptionId === undefined) return segments.length === 1 ? id : undefined;
    id.subscriptionId = subscriptionId.toLowerCase();
    at += 2;
    if (keyword('resourcegroups')) {
      const group = segments[at + 1];
      if (group === undefined) {
        id.resourceGroupCollection = true;
        return id;
      }
      id.resourceGroup = group;
      at += 2;
    }
  }
  while (at < segments.length) {
    if (!keyword('providers')) return undefined;
    const namespace = segments[at + 1];
    if (namespace === undefined) return at + 1 === segments.length ? id : undefined;
    at += 2;
    const types: string[] = [];
    const names: string[] = [];
    while (at < segments.length && !keyword('providers')) {
      const type = segments[at];
      if (type === undefined) break;
      types.push(type);
      at += 1;
      const name = segments[at];
      if (name === undefined) break;
      names.push(name);
      at += 1;
    }
    id.providers.push({ namespace, types, names });
  }
  return id;
}

/** `Microsoft.HybridCompute/machines/extensions`, lower-cased: the key resource types are looked up by. */
export function resourceTypeKey(section: ProviderSection): string {
  return [section.namespace, ...section.types].join('/').toLowerCase();
}

/** Writes an id in the canonical spelling. */
export function formatResourceId(id: ResourceId): string {
  let text = '';
  if (id.subscriptionId !== undefined) text += `/subscriptions/${id.subscriptionId}`;
  if (id.resourceGroup !== undefined) text += `/resourceGroups/${id.resourceGroup}`;
  for (const section of id.providers) {
    text += `/providers/${section.namespace}`;
    section.types.forEach((type, i) => {
      text += `/${type}`;
      const name = section.names[i];
      if (name !== undefined) text += `/${name}`;
    });
  }
  return text === '' ? '/' : text;
}

/** The id of a machine. */
export function machineResourceId(subscriptionId: string, resourceGroup: string, machine: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.HybridCompute/machines/${machine}`;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
