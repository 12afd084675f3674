/** All names of a package together: each may be there once, in one spelling, as one thing (T33, T40). */
import { ArchiveError, tooManyEntries } from './archive-error.ts';

type Kind = 'file' | 'directory' | 'implied directory';

interface Spelled {
  readonly path: string;
  readonly kind: Kind;
}

/**
 * The names by their folded form. Most are spelled as they fold and need no second string: then the kind alone is kept, because
 * the table of a package with tens of thousands of files has to be small (T38).
 */
export class NameTable {
  readonly #taken = new Map<string, Kind | Spelled>();
  readonly #limit: number;
  /** The directory of the name before: names mostly come directory by directory. */
  #directory = '';

  /** `limit`: most files and directories. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a name and the directories it implies. Throws {@link ArchiveError} when it is in conflict with an earlier one. */
  add(path: string, isDirectory: boolean): void {
    const directory = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (directory !== this.#directory) {
      for (let at = directory.indexOf('/'); at >= 0; at = directory.indexOf('/', at + 1))
        this.#take(directory.slice(0, at), 'implied directory');
      if (directory !== '') this.#take(directory, 'implied directory');
      this.#directory = directory;
    }
    this.#take(path, isDirectory ? 'directory' : 'file');
  }

  #take(path: string, kind: Kind): void {
    const key = fold(path);
    const held = this.#taken.get(key);
    if (held === undefined) {
      if (this.#taken.size >= this.#limit) throw tooManyEntries(this.#limit);
      this.#taken.set(key, key === path ? kind : { path, kind });
      return;
    }
    const { path: heldPath, kind: heldKind } = typeof held === 'string' ? { path: key, kind: held } : held;
    if (heldPath !== path) {
      const names = `'${heldPath}' and '${path}'`;
      throw new ArchiveError('NameCollision', `${names} differ only in case or in their Unicode form.`);
    }
    if ((heldKind === 'file') !== (kind === 'file')) {
      throw new ArchiveError('FileAsDirectory', `'${path}' is used for a file and for a directory.`);
    }
    if (kind === 'implied directory') return;
    if (heldKind !== 'implied directory') throw new ArchiveError('DuplicateName', `'${path}' occurs twice.`);
    this.#taken.set(key, key === path ? kind : { path, kind });
  }
}

const ascii = /^[\u0000-\u007f]*$/;

/** One form for names that some file system would take for the same: compatibility form, then both case mappings. */
function fold(path: string): string {
  // The same for these, and without a copy when there is nothing to fold.
  if (ascii.test(path)) return path.toLowerCase();
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
