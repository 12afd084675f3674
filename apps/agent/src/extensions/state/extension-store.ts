/** The records of what is installed: one `state.json` for each version, replaced durably (T84). */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { handlerDirectoryName, parseHandlerDirectoryName } from '@sallyport/handler-contract';
import { extensionKey, handlerName, messageOf, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { ensureDirectory } from '../../platform/directory.ts';
import { isMissing, syncDirectory, type DurableChanges } from '@sallyport/durable-files';
import { fileStamp } from '../../platform/file-stamp.ts';
import { readJsonFile, textOf, writeJsonFile } from '../../platform/json-file.ts';
import type { UnreadableRecord } from './unreadable-record.ts';
import { installedExtensionSchema, storedForm, type InstalledExtension } from './installed-extension.ts';

export interface ExtensionStore {
  /** All records, in the order of their directories' names, and those that say something which is not known here. */
  list(): { readonly extensions: readonly InstalledExtension[]; readonly unreadable: readonly UnreadableRecord[] };
  find(name: ExtensionName, version: HandlerVersion): InstalledExtension | undefined;
  /** Adds or replaces the record of that name and version. Durable when it returns. */
  put(extension: InstalledExtension): void;
  /** The same, durable with the commit of `changes`. */
  putWith(extension: InstalledExtension, changes: DurableChanges): void;
  /** Removes the record; one that is not there is no error. Durable when it returns. */
  remove(extension: InstalledExtension): void;
}

/** A record as it was read, and of which file that was. */
interface Known {
  readonly stamp: string;
  readonly extension: InstalledExtension;
}

/** The store in a directory (`extension_logs`), which is made when the first record is written. */
export function extensionStore(directory: string): ExtensionStore {
  const folderOf = ({ name, version }: Pick<InstalledExtension, 'name' | 'version'>): string =>
    join(directory, handlerDirectoryName(handlerName(name), version));

  let known = new Map<string, Known>();

  /** Every step of every operation looks here, and mostly nothing has changed: a record is read again when its file is another one. */
  function list(): ReturnType<ExtensionStore['list']> {
    const seen = new Map<string, Known>();
    const unreadable: UnreadableRecord[] = [];
    for (const folder of foldersIn(directory)) {
      const file = join(directory, folder, 'state.json');
      try {
        const stamp = fileStamp(file);
        const before = known.get(file);
        const extension =
          before !== undefined && before.stamp === stamp
            ? before.extension
            : readJsonFile(file, installedExtensionSchema);
        if (extension !== undefined) seen.set(file, { stamp, extension });
      } catch (error) {
        const { name = folder, version } = parseHandlerDirectoryName(folder) ?? {};
        unreadable.push({ handler: name, version, problem: messageOf(error) });
      }
    }
    known = seen;
    return { extensions: [...seen.values()].map(({ extension }) => extension), unreadable };
  }

  return {
    list,
    find: (name, version) =>
      list().extensions.find((one) => extensionKey(one.name) === extensionKey(name) && one.version === version),
    put(extension) {
      ensureDirectory(directory, 0o755);
      const folder = folderOf(extension);
      // Numbers of files come again: what is written here is read here, whatever its stamp.
      known.delete(join(folder, 'state.json'));
      ensureDirectory(folder, 0o755);
      writeJsonFile(join(folder, 'state.json'), storedForm(extension), 0o644);
    },
    putWith(extension, changes) {
      ensureDirectory(directory, 0o755, changes);
      const folder = folderOf(extension);
      known.delete(join(folder, 'state.json'));
      ensureDirectory(folder, 0o755, changes);
      changes.write(join(folder, 'state.json'), textOf(storedForm(extension)), 0o644);
    },
    remove(extension) {
      rmSync(folderOf(extension), { recursive: true, force: true });
      try {
        syncDirectory(directory);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
  };
}

function foldersIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
