/**
 * What would be on the disk if the power went now, at its worst: of each file what was last synced, of each directory the
 * entries that were last synced. Files and directories are followed by identity, so a rename moves nothing by itself.
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Stored =
  | { readonly kind: 'file'; readonly content: Buffer }
  | { readonly kind: 'directory'; readonly entries: ReadonlyMap<string, string> };

/** Files by their path below the root, and directories with `undefined`. */
export type Image = ReadonlyMap<string, Buffer | undefined>;

export class DurableImage {
  readonly #root: string;
  readonly #stored = new Map<string, Stored>();

  /** What is there by now is taken to be durable. */
  constructor(root: string) {
    this.#root = root;
    this.#storeAll(root);
  }

  /** It has been synced: what it holds now is durable. */
  synced(path: string): void {
    const id = identityOf(path);
    if (id !== undefined) this.#store(path, id);
  }

  /** Nothing but what was synced. */
  worst(): Image {
    const image = new Map<string, Buffer | undefined>();
    const id = identityOf(this.#root);
    if (id !== undefined) this.#walk('', id, image);
    return image;
  }

  /** Every name as it is now, with only such content as was synced: names may reach the disk before what they name. */
  namesOnly(): Image {
    const image = new Map<string, Buffer | undefined>();
    for (const entry of readdirSync(this.#root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const stored = this.#stored.get(identityOf(path) ?? '');
      const content = stored?.kind === 'file' ? stored.content : Buffer.alloc(0);
      image.set(path.slice(this.#root.length + 1), entry.isDirectory() ? undefined : content);
    }
    return image;
  }

  #walk(path: string, id: string, image: Map<string, Buffer | undefined>): void {
    const stored = this.#stored.get(id);
    if (path !== '') image.set(path, stored?.kind === 'file' ? stored.content : undefined);
    if (stored?.kind !== 'directory') return;
    for (const [name, child] of stored.entries) this.#walk(path === '' ? name : `${path}/${name}`, child, image);
  }

  #storeAll(path: string): void {
    this.synced(path);
    if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) this.#storeAll(join(path, name));
  }

  #store(path: string, id: string): void {
    if (!lstatSync(path).isDirectory()) {
      this.#stored.set(id, { kind: 'file', content: readFileSync(path) });
      return;
    }
    const entries = new Map<string, string>();
    for (const name of readdirSync(path)) {
      const child = identityOf(join(path, name));
      if (child === undefined) continue;
      entries.set(name, child);
      // A name that was synced stands for something, though what is in it may not have been.
      if (!this.#stored.has(child)) this.#stored.set(child, emptyOf(join(path, name)));
    }
    this.#stored.set(id, { kind: 'directory', entries });
  }
}

function emptyOf(path: string): Stored {
  return lstatSync(path).isDirectory()
    ? { kind: 'directory', entries: new Map() }
    : { kind: 'file', content: Buffer.alloc(0) };
}

/** Number and birth: numbers are given anew when a file is gone. */
function identityOf(path: string): string | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.ino} ${found.birthtimeNs}`;
}
