/** The gallery is made, or refreshed, and the shipped packages are published like anybody's. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '@sallyport/model';
import { customScript, type Stage } from '../stage.ts';

export async function prepareGallery({ state, options, narrator, programs }: Stage): Promise<void> {
  narrator.step('The gallery: a catalog that only publishers can sign');
  const gallery = ['--gallery', state.gallery];
  if (!existsSync(join(state.gallery, 'metadata', 'timestamp.json')))
    narrator.output(await programs.mustRun('sallyport-gallery', ['init', ...gallery]));
  else narrator.output(await programs.mustRun('sallyport-gallery', ['refresh', ...gallery]));
  // S1.2 as far as this machine can: where there is no scanner, the owner of the gallery says so, and the catalog does too.
  narrator.output(await programs.mustRun('sallyport-gallery', ['scan-policy', 'auto', ...gallery]));
  const packages = existsSync(options.packages)
    ? readdirSync(options.packages).filter((file) => file.endsWith('.zip'))
    : [];
  if (packages.length === 0)
    throw new CodedError(
      'NoPackages',
      `There is no extension package in ${options.packages}. Build them with 'npm run build'.`,
    );
  const publishers = await programs.mustRun('sallyport-gallery', ['publisher', 'list', ...gallery]);
  const publisher = customScript.slice(0, customScript.indexOf('/'));
  if (!publishers.toLowerCase().includes(publisher.toLowerCase()))
    narrator.output(await programs.mustRun('sallyport-gallery', ['publisher', 'add', publisher, ...gallery]));
  for (const file of packages)
    narrator.output(await programs.mustRun('sallyport-gallery', ['publish', join(options.packages, file), ...gallery]));
}

/** Signs anew what ages. What goes wrong is told; the next time may do better. */
export async function refreshGallery({ state, narrator, programs }: Stage): Promise<void> {
  const { code, output } = await programs.run('sallyport-gallery', ['refresh', '--gallery', state.gallery]);
  if (code !== 0) narrator.note(`The catalog could not be signed anew:\n${output}`);
}
