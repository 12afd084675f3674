/** For tests: a real repository, real clients, and a carrier between them that can be made to lie. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extensionNameOf, parseHandlerVersion, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { fetchFromFolder, type CatalogFetch } from '../client/catalog-fetch.ts';
import { openCatalog } from '../client/open-catalog.ts';
import type { Catalog } from '../client/catalog.ts';
import { createRepository } from '../repository/create-repository.ts';
import type { NewTarget } from '../repository/new-target.ts';
import { openRepository, type RepositoryOptions } from '../repository/open-repository.ts';
import type { Repository } from '../repository/repository.ts';

export const day = 24 * 60 * 60 * 1000;

export interface Stage {
  readonly folder: string;
  readonly options: RepositoryOptions;
  readonly repository: Repository;
  /** The root as it was first made. */
  readonly firstRoot: Uint8Array;
  /** What the carrier hands out in place of the file. */
  readonly lies: Map<string, Uint8Array | 'missing' | 'too-long'>;
  /** What was asked for, in order. */
  readonly requests: string[];
  readonly fetch: CatalogFetch;
  /** The clock of gallery and clients, in milliseconds since 1970. */
  time: number;
  /** A client with its own memory, which lasts as long as the stage; the same name gives the same memory. */
  client(memory: string, fetch?: CatalogFetch): Catalog;
  clientDirectory(memory: string): string;
  read(file: string): Buffer;
  /** Keeps a copy of everything public, and gives a carrier that hands it out. */
  freeze(): CatalogFetch;
  /** Keeps everything public, and gives what puts it back. */
  save(): () => void;
  remove(): void;
}

/** A gallery with the publisher Contoso.Tools, which has published Hello 1.0.0. */
export async function makeStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-catalog-'));
  const stage = { time: Date.UTC(2027, 0, 1) };
  const options: RepositoryOptions = {
    directory: join(folder, 'metadata'),
    keysDirectory: join(folder, 'keys'),
    now: () => new Date(stage.time),
  };
  const repository = await createRepository(options);
  await repository.addPublisher('Contoso.Tools');
  await repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.0'));
  const firstRoot = await repository.root();
  const lies = new Map<string, Uint8Array | 'missing' | 'too-long'>();
  const requests: string[] = [];
  const honest = fetchFromFolder(options.directory);
  let copies = 0;
  const fetch: CatalogFetch = async (file, maxLength, signal) => {
    requests.push(file);
    return lies.get(file) ?? honest(file, maxLength, signal);
  };
  const clientDirectory = (memory: string): string => join(folder, 'clients', memory);
  return Object.assign(stage, {
    folder,
    options,
    repository: openRepository(options),
    firstRoot,
    lies,
    requests,
    fetch,
    clientDirectory,
    client: (memory: string, carrier = fetch) =>
      openCatalog({ directory: clientDirectory(memory), pinnedRoot: firstRoot, fetch: carrier, now: options.now }),
    read: (file: string) => readFileSync(join(options.directory, file)),
    freeze() {
      copies += 1;
      const copy = join(folder, `copy-${copies}`);
      cpSync(options.directory, copy, { recursive: true });
      return fetchFromFolder(copy);
    },
    save() {
      copies += 1;
      const copy = join(folder, `copy-${copies}`);
      cpSync(options.directory, copy, { recursive: true });
      return () => {
        rmSync(options.directory, { recursive: true });
        cpSync(copy, options.directory, { recursive: true });
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  });
}

export function extension(publisher: string, type: string): ExtensionName {
  const result = extensionNameOf(publisher, type);
  if (!result.ok) throw new Error(result.malformed.reason);
  return result.name;
}

export function version(text: string): HandlerVersion {
  const parsed = parseHandlerVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

/** A package that exists in the catalog only. */
export function target(publisher: string, type: string, text: string, fill = 'a'): NewTarget {
  return {
    name: extension(publisher, type),
    version: version(text),
    operatingSystem: 'linux',
    architecture: 'any',
    length: 5,
    sha256: fill.repeat(64),
  };
}
