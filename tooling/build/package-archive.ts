/** A package that depends on its content only: sorted names, one date, two modes. The same files give the same bytes. */
import { ZipFile } from 'yazl';

export interface PackageFile {
  /** Relative path with forward slashes. */
  readonly path: string;
  readonly content: Buffer;
  readonly isExecutable: boolean;
}

/** The ZIP archive of those files. */
export async function packageArchive(files: readonly PackageFile[]): Promise<Buffer> {
  const zip = new ZipFile();
  // Made of local time and written as local time, so that the time zone of the machine leaves no trace.
  const mtime = new Date(2020, 0, 1);
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const mode = file.isExecutable ? 0o100755 : 0o100644;
    zip.addBuffer(file.content, file.path, { mtime, mode, forceDosTimestamp: true, compressionLevel: 9 });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
