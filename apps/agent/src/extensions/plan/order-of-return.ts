/**
 * Order among extensions that are enabled again, with the machine or with the manager (handler contract §6, S4.11): whoever came
 * after another when it was installed comes after it here too. Only what is on the machine takes part, so that it needs nobody
 * to be asked: one that never came holds up nobody who worked without it.
 */
import { extensionKey, type ExtensionName } from '@sallyport/model';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { resourceKey } from './conclusion.ts';
import { hasLevel, type Placed } from './dependency-levels.ts';
import { mustComeBack, type Upkeep, type UpkeepInput } from './upkeep.ts';

/** It is not enabled again yet: one that comes before it is still coming, or could not be enabled again. */
export interface Held {
  readonly kind: 'held';
  readonly name: ExtensionName;
  readonly subject: InstalledExtension;
  /** The resource that comes before. */
  readonly for: string;
  readonly because: 'coming' | 'failed';
}

export interface ReturnInput extends Pick<UpkeepInput, 'installed' | 'machineLife'> {
  /** What the goal state said last, also before this start. */
  readonly order: readonly Placed[];
}

/** Upkeep in that order. `performed`: the `extensionKey`s for which an operation is planned or under way. */
export function returnInOrder(
  upkeep: readonly Upkeep[],
  input: ReturnInput,
  performed: ReadonlySet<string>,
): readonly (Upkeep | Held)[] {
  // Whoever waits for one that is changed anew waits for that.
  const works = upkeep.filter(({ name, steps }) => !isOnlyAwaited(steps) || !performed.has(extensionKey(name)));
  const places = placesOf(input);
  if (places.size === 0) return works;
  const held = new Map<string, Held>();
  const workOf = new Map(works.map((work) => [extensionKey(work.name), work]));

  function standing(key: string): 'coming' | 'failed' | 'there' {
    const because = held.get(key)?.because;
    if (because !== undefined) return because;
    if (workOf.has(key)) return 'coming';
    const records = input.installed.filter(({ name }) => extensionKey(name) === key);
    if (records.some((record) => isThere(record, input))) return 'there';
    if (performed.has(key)) return 'coming';
    return records.some(({ comeback }) => comeback?.kind === 'failed') ? 'failed' : 'there';
  }

  for (const [key, place] of [...places].sort(([, a], [, b]) => a.level - b.level)) {
    const work = workOf.get(key);
    if (work?.purpose !== 'resume') continue;
    const before = [...places].flatMap(([other, one]) => {
      const resource = comesBefore(one, place);
      return resource === undefined ? [] : [{ resource, standing: standing(other) }];
    });
    const blocking = before.find((one) => one.standing === 'failed') ?? before.find((one) => one.standing === 'coming');
    if (blocking === undefined || blocking.standing === 'there') continue;
    const { resource, standing: because } = blocking;
    held.set(key, { kind: 'held', name: work.name, subject: work.subject, for: resource, because });
  }
  return works.map((work) => {
    const key = extensionKey(work.name);
    const place = places.get(key);
    const isAwaited = place !== undefined && [...places.values()].some((other) => comesBefore(place, other));
    return held.get(key) ?? (isAwaited && work.purpose === 'resume' ? withAwaiting(work) : work);
  });
}

/** Where a handler is in the order. One that resources share comes as a whole, when the first of them does. */
interface Place {
  readonly level: number;
  /** Its resources that are in the order, the first of them first. */
  readonly resources: readonly string[];
  readonly dependsOn: readonly string[] | undefined;
}

function placesOf({ installed, order }: ReturnInput): ReadonlyMap<string, Place> {
  const levelled = order.filter(hasLevel).sort((a, b) => a.dependencyLevel - b.dependencyLevel);
  const handlers = levelled.length === 0 ? [] : Map.groupBy(installed, ({ name }) => extensionKey(name));
  return new Map(
    [...handlers].flatMap(([key, records]) => {
      const resources = new Set(records.flatMap(resourcesOf));
      const own = levelled.filter((one) => resources.has(resourceKey(one)));
      const [first] = own;
      if (first === undefined) return [];
      const { dependencyLevel: level, dependsOn } = first;
      return [[key, { level, resources: own.map(({ resourceName }) => resourceName), dependsOn }] as const];
    }),
  );
}

function resourcesOf(record: InstalledExtension): readonly string[] {
  return (record.sharing ?? [record]).map(resourceKey);
}

/** The resource by which one comes before another. Only a lower level counts, so there is no circle, not even among handlers. */
function comesBefore(one: Place, other: Place): string | undefined {
  if (one.level >= other.level) return undefined;
  const named = other.dependsOn?.map((resourceName) => resourceKey({ resourceName }));
  return one.resources.find((resourceName) => named?.includes(resourceKey({ resourceName })) ?? true);
}

function isThere(record: InstalledExtension, input: ReturnInput): boolean {
  const { phase, failure, comeback } = record;
  return phase === 'enabled' && failure === undefined && comeback === undefined && !mustComeBack(record, input);
}

function isOnlyAwaited(steps: Upkeep['steps']): boolean {
  return steps.length === 1 && steps[0]?.kind === 'await-again';
}

function withAwaiting(work: Upkeep): Upkeep {
  const { version } = work.subject;
  const steps = work.steps.map((step) => (step.kind === 'enable-again' ? { ...step, awaited: true as const } : step));
  return { ...work, steps: isOnlyAwaited(steps) ? steps : [...steps, { kind: 'await-again', version }] };
}
