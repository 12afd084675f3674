/**
 * What would be on the disk if the power went now, at its worst: of each file what was last synced, of each directory the
 * entries that were last synced. Files and directories are followed by identity, so a rename moves nothing by itself.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Stored =
  | { readonly kind: 'file'; readonly content: Buffer; readonly mode: number }
  | { readonly kind: 'directory'; readonly entries: ReadonlyMap<string, string>; readonly mode: number };

/** A file, or, without content, a directory. */
export interface ImageEntry {
  readonly content: Buffer | undefined;
  readonly mode: number;
}

/** By path below the root; a directory comes before what is in it. */
export type Image = ReadonlyMap<string, ImageEntry>;

/** What is there at this moment, durable or not. */
export function imageOf(root: string): Image {
  const image = new Map<string, ImageEntry>();
  const walk = (below: string): void => {
    for (const name of readdirSync(join(root, below))) {
      const path = below === '' ? name : `${below}/${name}`;
      const entry = read(join(root, path));
      image.set(path, entry);
      if (entry.content === undefined) walk(path);
    }
  };
  walk('');
  return image;
}

/** Makes a disk of it, in an empty directory. */
export function writeImage(image: Image, root: string): void {
  for (const [path, { content, mode }] of image) {
    if (content === undefined) mkdirSync(join(root, path), { mode });
    else writeFileSync(join(root, path), content, { mode });
    // Whatever the umask of this process is.
    chmodSync(join(root, path), mode);
  }
}

function read(path: string): ImageEntry {
  const found = lstatSync(path);
  return { content: found.isDirectory() ? undefined : readFileSync(path), mode: found.mode & 0o7777 };
}

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

  /** All of it is durable as it is at this moment. */
  writtenOut(): void {
    this.#storeAll(this.#root);
  }

  /** Nothing but what was synced. */
  worst(): Image {
    const image = new Map<string, ImageEntry>();
    const id = identityOf(this.#root);
    if (id !== undefined) this.#walk('', id, image);
    return image;
  }

  /** Every name as it is now, with only such content as was synced: names may reach the disk before what they name. */
  namesOnly(): Image {
    const image = new Map<string, ImageEntry>();
    for (const [path, { content, mode }] of imageOf(this.#root)) {
      const stored = this.#stored.get(identityOf(join(this.#root, path)) ?? '');
      const synced = stored?.kind === 'file' ? stored.content : Buffer.alloc(0);
      image.set(path, { content: content === undefined ? undefined : synced, mode });
    }
    return image;
  }

  #walk(path: string, id: string, image: Map<string, ImageEntry>): void {
    const stored = this.#stored.get(id);
    if (stored === undefined) return;
    if (path !== '')
      image.set(path, { content: stored.kind === 'file' ? stored.content : undefined, mode: stored.mode });
    if (stored.kind !== 'directory') return;
    for (const [name, child] of stored.entries) this.#walk(path === '' ? name : `${path}/${name}`, child, image);
  }

  #storeAll(path: string): void {
    this.synced(path);
    if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) this.#storeAll(join(path, name));
  }

  #store(path: string, id: string): void {
    const { content, mode } = read(path);
    if (content !== undefined) {
      this.#stored.set(id, { kind: 'file', content, mode });
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
    this.#stored.set(id, { kind: 'directory', entries, mode });
  }
}

function emptyOf(path: string): Stored {
  const found = lstatSync(path);
  const mode = found.mode & 0o7777;
  return found.isDirectory()
    ? { kind: 'directory', entries: new Map(), mode }
    : { kind: 'file', content: Buffer.alloc(0), mode };
}

/** Number and birth: numbers are given anew when a file is gone. */
function identityOf(path: string): string | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.ino} ${found.birthtimeNs}`;
}
