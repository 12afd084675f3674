/** Every folder of `extensions/` becomes a package like anybody's: `<Publisher.Type>-<version>.zip`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlerManifestFile, parseHandlerManifest } from '@sallyport/handler-contract';
import { parseHandlerVersion, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { bundle } from './bundle.ts';
import { packageArchive, type PackageFile } from './package-archive.ts';

export interface BuiltExtension {
  readonly publisher: string;
  readonly type: string;
  readonly version: string;
  /** The package. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

const headSchema = z.array(z.object({ name: z.string(), version: z.string() })).check(z.length(1));
const packageJsonSchema = z.object({ version: z.string() });

/** What is in a folder for people and tools only. */
const leftOut: ReadonlySet<string> = new Set(['package.json', 'src', 'node_modules', 'README.md']);

const root = join(import.meta.dirname, '../..');

/** Builds all of them into `output`. In the order of their folders. */
export async function buildExtensions(output = join(root, 'dist/extensions')): Promise<readonly BuiltExtension[]> {
  mkdirSync(output, { recursive: true });
  const built: BuiltExtension[] = [];
  for (const name of readdirSync(join(root, 'extensions')).sort()) {
    built.push(await buildExtension(join(root, 'extensions', name), name, output));
  }
  return built;
}

async function buildExtension(folder: string, name: string, output: string): Promise<BuiltExtension> {
  const manifest = readFileSync(join(folder, handlerManifestFile), 'utf8');
  parseHandlerManifest(manifest);
  const [head] = parseJson(headSchema, manifest, `${folder}/${handlerManifestFile}`);
  const { version } = parseJson(
    packageJsonSchema,
    readFileSync(join(folder, 'package.json'), 'utf8'),
    `${folder}/package.json`,
  );
  if (head === undefined || parseHandlerVersion(version) === undefined || head.version !== version) {
    throw new Error(`${folder}: ${handlerManifestFile} and package.json do not name the same version.`);
  }
  const dot = head.name.lastIndexOf('.');
  const files = readdirSync(folder)
    .filter((entry) => !leftOut.has(entry))
    .flatMap((entry) => filesBelow(folder, entry));
  if (existsSync(join(folder, 'src/main.ts'))) {
    const code = await bundle({ input: join(folder, 'src/main.ts'), target: 'node18', minify: false });
    files.push({ path: `bin/${name}.cjs`, content: Buffer.from(code), isExecutable: false });
  }
  const bytes = await packageArchive(files);
  const file = join(output, `${head.name}-${version}.zip`);
  writeFileSync(file, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    publisher: head.name.slice(0, dot),
    type: head.name.slice(dot + 1),
    version,
    file,
    bytes: bytes.length,
    sha256,
  };
}

function filesBelow(folder: string, path: string): readonly PackageFile[] {
  const full = join(folder, path);
  const facts = statSync(full);
  if (facts.isDirectory()) return readdirSync(full).flatMap((name) => filesBelow(folder, `${path}/${name}`));
  // A checkout may lose mode bits (umask, file systems); what begins with `#!` is meant to be executed.
  const content = readFileSync(full);
  return [{ path, content, isExecutable: content.subarray(0, 2).toString('latin1') === '#!' }];
}
