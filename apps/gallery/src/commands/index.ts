/** The table of commands. Each is loaded when it is called, so that help and mistakes answer at once. */
import { buildCommand, buildRouteMap } from '@stricli/core';
import {
  commonFlags,
  optionalText,
  signingFlags,
  type CommonFlags,
  type GalleryContext,
  type SigningFlags,
} from '../context.ts';
import type { ImportFlags } from './import.ts';
import type { InitFlags } from './init.ts';
import { keyCommands } from './key-commands.ts';
import { bundle, mirror } from './mirror-commands.ts';
import { storage } from './storage-commands.ts';
import { text, wholeNumber } from './parameters.ts';
import type { PublisherAddFlags } from './publisher-add.ts';
import type { CollectGarbageFlags } from './collect-garbage.ts';
import type { FetchFlags } from './fetch.ts';
import type { PublishFlags } from './publish.ts';
import type { PromoteFlags, YankFlags } from './release.ts';
import type { ScanPolicyFlags } from './scan-policy.ts';
import { releaseChannels } from '@sallyport/model/wire';

const init = buildCommand<InitFlags, [], GalleryContext>({
  docs: {
    brief: 'Makes a gallery: keys, and a signed catalog that is empty',
    fullDescription: 'Pin metadata/1.root.json of the gallery on every machine that is to trust it.',
  },
  parameters: {
    flags: {
      ...signingFlags,
      rootKeys: { ...wholeNumber('How many keys the root has'), default: '3' },
      rootThreshold: { ...wholeNumber('How many of them must sign; 2 unless there is only one'), optional: true },
    },
  },
  loader: async () => (await import('./init.ts')).init,
});

const publisherAdd = buildCommand<PublisherAddFlags, [string], GalleryContext>({
  docs: { brief: 'Lets a publisher in: makes its keys and delegates its names, and only those, to them' },
  parameters: {
    flags: {
      ...signingFlags,
      count: { ...wholeNumber('How many keys it has'), default: '1' },
      threshold: { ...wholeNumber('How many of them must sign'), default: '1' },
    },
    positional: { kind: 'tuple', parameters: [text('Publisher, as in Contoso.Monitoring', 'NAME')] },
  },
  loader: async () => (await import('./publisher-add.ts')).publisherAdd,
});

const publisherList = buildCommand<CommonFlags, [], GalleryContext>({
  docs: { brief: 'Lists the publishers' },
  parameters: { flags: commonFlags },
  loader: async () => (await import('./publisher-list.ts')).publisherList,
});

/** Bound by the publisher's signature; servers may go by it (T43). */
const needsNetworkToInstall = {
  kind: 'boolean',
  brief:
    'Declares that it fetches something from elsewhere while it is installed: servers may keep others from the network then',
  default: false,
  withNegated: false,
} as const;

const publish = buildCommand<PublishFlags, [string], GalleryContext>({
  docs: {
    brief: 'Checks and scans a package, stores it and signs it into the catalog',
    fullDescription:
      'What the package is comes from the options, from signingInfo in its manifest, or from its name, <Publisher.Type>-<version>.zip; they must agree.\nIt is scanned for malware first; one that could not be scanned is not published.',
  },
  parameters: {
    flags: {
      ...signingFlags,
      publisher: optionalText('Publisher', 'NAME'),
      type: optionalText('Type', 'NAME'),
      version: optionalText('Version', 'VERSION'),
      os: { kind: 'enum', values: ['linux', 'windows'], brief: 'Operating system it is for', default: 'linux' },
      arch: { kind: 'enum', values: ['any', 'x64', 'arm64'], brief: 'Processor it is for', default: 'any' },
      channel: { kind: 'enum', values: releaseChannels, brief: 'How far it is let out', default: 'stable' },
      needsNetworkToInstall,
    },
    positional: { kind: 'tuple', parameters: [text('The package', 'PACKAGE.zip')] },
  },
  loader: async () => (await import('./publish.ts')).publish,
});

const importPackage = buildCommand<ImportFlags, [string], GalleryContext>({
  docs: {
    brief: 'Publishes an Azure VM extension as it is: checked and scanned here, signed by a publisher of this gallery',
    fullDescription:
      'What it was called is told by --manifest or its file name, and is recorded with where it came from.',
  },
  parameters: {
    flags: {
      ...signingFlags,
      manifest: optionalText('The XML with <ExtensionImage> that its publisher registered it with', 'FILE'),
      publisher: optionalText('Publisher of this gallery to sign it; by default the one of the same name', 'NAME'),
      from: optionalText('Where it came from; by default the name of the file', 'TEXT'),
      arch: { kind: 'enum', values: ['any', 'x64', 'arm64'], brief: 'Processor it is for', default: 'any' },
      needsNetworkToInstall,
    },
    positional: { kind: 'tuple', parameters: [text('The package', 'PACKAGE.zip')] },
  },
  loader: async () => (await import('./import.ts')).importPackage,
});

const which = {
  kind: 'tuple',
  parameters: [text('Extension, as in Contoso.Monitoring/Agent', 'PUBLISHER/TYPE'), text('Version', 'VERSION')],
} as const;

const promote = buildCommand<PromoteFlags, [string, string], GalleryContext>({
  docs: { brief: 'Lets a published version further out, or back in' },
  parameters: {
    flags: {
      ...signingFlags,
      channel: { kind: 'enum', values: releaseChannels, brief: 'How far it is let out', default: 'stable' },
    },
    positional: which,
  },
  loader: async () => (await import('./release.ts')).promote,
});

const yank = buildCommand<YankFlags, [string, string], GalleryContext>({
  docs: { brief: 'Takes a published version back, for good: nothing installs it any more' },
  parameters: {
    flags: {
      ...signingFlags,
      reason: { kind: 'parsed', parse: String, brief: 'What is wrong with it; everybody sees it', placeholder: 'TEXT' },
    },
    positional: which,
  },
  loader: async () => (await import('./release.ts')).yank,
});

const scanPolicy = buildCommand<ScanPolicyFlags, ['clamav' | 'none' | 'auto' | undefined], GalleryContext>({
  docs: {
    brief: 'Shows or sets whether packages are scanned for malware',
    fullDescription:
      'clamav: always, the default. none: never, and the signed catalog says so. auto: clamav where it can be used now.',
  },
  parameters: {
    flags: {
      ...signingFlags,
      socket: optionalText('Socket of the ClamAV daemon; by default the system has one, or one is started', 'PATH'),
      database: optionalText('Signatures for a daemon that is started', 'DIR'),
      mostDatabaseDays: { ...wholeNumber('How old the signatures may be'), default: '7' },
      timeout: { ...wholeNumber('How many seconds a scan may take'), default: '900' },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: scannerChoice, brief: 'clamav, none or auto', placeholder: 'SCANNER', optional: true }],
    },
  },
  loader: async () => (await import('./scan-policy.ts')).scanPolicy,
});

function scannerChoice(word: string): 'clamav' | 'none' | 'auto' {
  if (word === 'clamav' || word === 'none' || word === 'auto') return word;
  throw new SyntaxError(`'${word}' is none of clamav, none, auto`);
}

const list = buildCommand<CommonFlags, [], GalleryContext>({
  docs: { brief: 'Lists what is published' },
  parameters: { flags: commonFlags },
  loader: async () => (await import('./list.ts')).list,
});

const fetch = buildCommand<FetchFlags, [string, string], GalleryContext>({
  docs: {
    brief: 'Fetches a package and verifies it as a machine would',
    fullDescription: 'Reads only what is public, metadata/ and packages/, and believes only the root it is given.',
  },
  parameters: {
    flags: {
      ...commonFlags,
      output: { kind: 'parsed', parse: String, brief: 'Where to put it', placeholder: 'FILE' },
      root: optionalText('Root to begin with; by default metadata/1.root.json of the gallery', 'FILE'),
    },
    positional: {
      kind: 'tuple',
      parameters: [text('Extension, as in Contoso.Monitoring/Agent', 'PUBLISHER/TYPE'), text('Version', 'VERSION')],
    },
  },
  loader: async () => (await import('./fetch.ts')).fetch,
});

const refresh = buildCommand<SigningFlags, [], GalleryContext>({
  docs: {
    brief: 'Signs the catalog anew so that it does not expire; run it daily',
    fullDescription:
      'Signs the timestamp, and every role whose life is half over and whose keys are here. Warns of those it cannot sign.',
  },
  parameters: { flags: signingFlags },
  loader: async () => (await import('./refresh.ts')).refresh,
});

const collectGarbage = buildCommand<CollectGarbageFlags, [], GalleryContext>({
  docs: {
    brief: 'Removes packages that the catalog does not name',
    fullDescription:
      'What has been stored lately stays: somebody may be publishing it. When it cannot be told what is named, nothing is removed.',
  },
  parameters: {
    flags: {
      ...commonFlags,
      olderThanHours: { ...wholeNumber('How many hours a package has to have lain there'), default: '24' },
    },
  },
  loader: async () => (await import('./collect-garbage.ts')).collectGarbage,
});

export const commands = buildRouteMap({
  routes: {
    init,
    publisher: buildRouteMap({ routes: { add: publisherAdd, list: publisherList }, docs: { brief: 'Publishers' } }),
    key: keyCommands,
    publish,
    import: importPackage,
    promote,
    yank,
    'scan-policy': scanPolicy,
    storage,
    list,
    fetch,
    mirror,
    bundle,
    'collect-garbage': collectGarbage,
    refresh,
  },
  docs: { brief: 'The gallery: extension packages, and the signed catalog that vouches for them' },
});
