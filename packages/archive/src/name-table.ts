/** All names of a package together: each may be there once, in one spelling, as one thing (T33, T40). */
import { ArchiveError } from './archive-error.ts';
import type { EntryName } from './entry-name.ts';

interface Taken {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Whether an entry of its own stands for it, or only longer names imply it. */
  readonly explicit: boolean;
}

export class NameTable {
  readonly #taken = new Map<string, Taken>();
  readonly #limit: number;

  /** `limit`: most files and directories. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a name and the directories it implies. Throws {@link ArchiveError} when it is in conflict with an earlier one. */
  add(name: EntryName): void {
    let path = '';
    for (const part of name.parts.slice(0, -1)) {
      path = path === '' ? part : `${path}/${part}`;
      this.#take({ path, isDirectory: true, explicit: false });
    }
    this.#take({ path: name.path, isDirectory: name.isDirectory, explicit: true });
  }

  #take(wanted: Taken): void {
    const key = fold(wanted.path);
    const held = this.#taken.get(key);
    if (held === undefined) {
      if (this.#taken.size >= this.#limit) {
        throw new ArchiveError('EntryLimit', `The package has more than ${this.#limit} files and directories.`);
      }
      this.#taken.set(key, wanted);
      return;
    }
    if (held.path !== wanted.path) {
      const names = `'${held.path}' and '${wanted.path}'`;
      throw new ArchiveError('NameCollision', `${names} differ only in case or in their Unicode form.`);
    }
    if (held.isDirectory !== wanted.isDirectory) {
      throw new ArchiveError('FileAsDirectory', `'${wanted.path}' is used for a file and for a directory.`);
    }
    if (held.explicit && wanted.explicit) throw new ArchiveError('DuplicateName', `'${wanted.path}' occurs twice.`);
    if (wanted.explicit) this.#taken.set(key, wanted);
  }
}

/** One form for names that some file system would take for the same: compatibility form, then both case mappings. */
function fold(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
