/** Honest packages for tests: the same files give the same bytes. */
import { writeHostileZip } from './hostile-zip.ts';

/** A file's content; executable when it begins with `#!`. */
export type PackageFiles = Readonly<Record<string, string | Buffer>>;

/** A package of those files, by path, in the order of their names. */
export function buildTestPackage(files: PackageFiles): Buffer {
  const paths = Object.keys(files).sort();
  return writeHostileZip({
    entries: paths.map((path) => {
      const content = Buffer.from(files[path] ?? '');
      const isScript = content.subarray(0, 2).toString('latin1') === '#!';
      return { name: path, content, deflate: content.length > 64, mode: isScript ? 0o100755 : 0o100644 };
    }),
  });
}
