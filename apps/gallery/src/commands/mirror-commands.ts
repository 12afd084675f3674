/** The part of the command table about carrying a gallery elsewhere. */
import { buildCommand, buildRouteMap } from '@stricli/core';
import { commonFlags, optionalText, type GalleryContext } from '../context.ts';
import type { BundleExportFlags, BundleImportFlags } from './bundle.ts';
import type { MirrorFlags } from './mirror.ts';
import { text } from './parameters.ts';

const only = {
  kind: 'parsed',
  parse: String,
  brief: 'Only the packages of this publisher, or of this extension; may be given several times',
  placeholder: 'PUBLISHER[/TYPE]',
  variadic: true,
  optional: true,
} as const;
const root = optionalText('Root to believe, the first time: metadata/1.root.json of the gallery', 'FILE');

export const mirror = buildCommand<MirrorFlags, [string], GalleryContext>({
  docs: {
    brief: 'Makes the folder a mirror of another gallery, or brings it up to date; run it daily',
    fullDescription:
      'Believes only the root it began with. Everything is verified as a machine would verify it; what is refused leaves the mirror as it was.\nThe catalog is mirrored whole; --only says which packages are.',
  },
  parameters: {
    flags: { ...commonFlags, only, root, caFile: optionalText('Authority (PEM) that vouches for the source', 'FILE') },
    positional: { kind: 'tuple', parameters: [text('https://host[:port] of a control plane, or a folder', 'SOURCE')] },
  },
  loader: async () => (await import('./mirror.ts')).mirror,
});

const bundleExport = buildCommand<BundleExportFlags, [string], GalleryContext>({
  docs: {
    brief: 'Writes the signed catalog and its packages into a folder, to be carried to where no network is',
    fullDescription:
      'The folder is empty, or holds an earlier bundle, which is written over. Valid as long as the catalog: about 14 days.',
  },
  parameters: {
    flags: { ...commonFlags, only },
    positional: { kind: 'tuple', parameters: [text('Folder, as on a removable medium', 'DIR')] },
  },
  loader: async () => (await import('./bundle.ts')).bundleExport,
});

const bundleImport = buildCommand<BundleImportFlags, [string], GalleryContext>({
  docs: {
    brief: 'Takes a bundle into a mirror: whole, or not at all',
    fullDescription:
      'A bundle that is damaged, not whole, older than what was seen, expired or of another gallery is refused.',
  },
  parameters: {
    flags: { ...commonFlags, root },
    positional: { kind: 'tuple', parameters: [text('Folder with the bundle', 'DIR')] },
  },
  loader: async () => (await import('./bundle.ts')).bundleImport,
});

export const bundle = buildRouteMap({
  routes: { export: bundleExport, import: bundleImport },
  docs: { brief: 'The gallery on a removable medium' },
});
