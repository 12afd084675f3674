/**
 * Resources of one machine that share a handler (handler contract §5): each has settings, status and operations of its own, and
 * all of them have the handler's one version.
 */
import { extensionKey, type ExtensionName } from '@sallyport/model';
import { takenAlong } from '../../machines/taken-along.ts';
import type { Writer } from '../../store/store.ts';
import type { ChosenPackage } from './choose-package.ts';
import type { Extension } from './extension-view.ts';
import type { Machine } from './machine-view.ts';

const mark = '#';

/**
 * What a resource takes up on its machine, which nothing else may: the whole handler, or, with the name it has within a handler
 * that is shared, a part of it.
 */
export function placeOf(name: ExtensionName, extensionName: string | undefined): string {
  const key = extensionKey(name);
  return extensionName === undefined ? key : `${key}${mark}${extensionName.toLowerCase()}`;
}

/** The handler of a place, as an `extensionKey`. */
export function handlerOfPlace(place: string): string {
  return place.split(mark)[0] ?? place;
}

/** Those of a machine's extensions that are of that publisher and type. */
export function resourcesOf(all: readonly Extension[], name: ExtensionName): readonly Extension[] {
  return all.filter((one) => handlerOfPlace(one.extension_key) === extensionKey(name));
}

/**
 * A handler has one version: what is chosen for one of its resources becomes that of the others that are to stay. `all` are the machine's
 * extensions.
 */
export async function takeAlong(
  writer: Writer,
  machine: Machine,
  all: readonly Extension[],
  name: ExtensionName,
  chosen: ChosenPackage,
): Promise<void> {
  for (const one of resourcesOf(all, name)) {
    const goals = takenAlong(one, chosen);
    if (goals === undefined) continue;
    await writer
      .updateTable('extensions')
      .set(goals)
      .where('vm_id', '=', machine.vm_id)
      .where('name_key', '=', one.name_key)
      .execute();
  }
}
