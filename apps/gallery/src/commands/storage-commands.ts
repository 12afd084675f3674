/** The part of the command table about where packages are kept. */
import { buildCommand, buildRouteMap } from '@stricli/core';
import { commonFlags, type CommonFlags, type GalleryContext } from '../context.ts';
import { text } from './parameters.ts';
import type { StorageSetFlags } from './storage.ts';

const show = buildCommand<CommonFlags, [], GalleryContext>({
  docs: { brief: 'Shows where packages are kept, and how many lie where' },
  parameters: { flags: commonFlags },
  loader: async () => (await import('./storage.ts')).storageShow,
});

const set = buildCommand<StorageSetFlags, string[], GalleryContext>({
  docs: {
    brief: 'Sets where packages are kept: folders, s3://bucket/prefix, azblob://container/prefix',
    fullDescription: [
      'New packages go to the first address. Parameters: s3://…?region=R&endpoint=URL&pathStyle=true, azblob://…?connection=VARIABLE,',
      'and for all of them publicUrl=URL, under which anybody may read the packages.',
      'Credentials never stand in an address: S3 takes them from the environment, a profile or the machine; Azure takes the connection string',
      'from the environment variable AZURE_STORAGE_CONNECTION_STRING, or the one that is named.',
    ].join('\n'),
  },
  parameters: {
    flags: {
      ...commonFlags,
      emptying: {
        kind: 'parsed',
        parse: String,
        brief: 'A storage that is read and takes nothing new; may be given several times',
        placeholder: 'ADDRESS',
        variadic: true,
        optional: true,
      },
      delivery: {
        kind: 'enum',
        values: ['direct', 'proxied'],
        brief: 'Whether machines download straight from storage, or all of them through the control plane',
        optional: true,
      },
      leave: {
        kind: 'boolean',
        brief: 'Leave behind what lies only in storages that are no longer named',
        default: false,
        withNegated: false,
      },
    },
    positional: { kind: 'array', parameter: text('Folder, or URL', 'ADDRESS'), minimum: 1 },
  },
  loader: async () => (await import('./storage.ts')).storageSet,
});

const move = buildCommand<CommonFlags, [], GalleryContext>({
  docs: {
    brief: 'Copies packages out of storages that are being emptied',
    fullDescription:
      'Machines may go on downloading. Nothing is removed; leave the old storage out with storage set afterwards.',
  },
  parameters: { flags: commonFlags },
  loader: async () => (await import('./storage.ts')).storageMove,
});

export const storage = buildRouteMap({ routes: { show, set, move }, docs: { brief: 'Where packages are kept' } });
