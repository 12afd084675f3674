/** What an Azure VM extension was called where it comes from: the XML that its publisher registered it with. Only its four plain words are read. */
import { messageOf } from '@sallyport/model';
import { readFileSync } from 'node:fs';
import { GalleryError } from '../gallery-error.ts';

export interface OriginManifest {
  readonly publisher?: string;
  readonly type?: string;
  readonly version?: string;
  /** As it says: `Linux` or `Windows`. */
  readonly supportedOs?: string;
}

const mostBytes = 1024 * 1024;

/** Reads `<ExtensionImage>`. Throws `FileUnreadable` or `IdentityMalformed`. */
export function readOriginManifest(file: string): OriginManifest {
  try {
    return parseOriginManifest(readFileSync(file, 'utf8').slice(0, mostBytes), file);
  } catch (error) {
    if (error instanceof GalleryError) throw error;
    throw new GalleryError('FileUnreadable', `The manifest '${file}' cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** Throws `IdentityMalformed` where the text is no such manifest, or says a thing twice. */
export function parseOriginManifest(text: string, file: string): OriginManifest {
  // Declarations could give words another meaning than the one that is read here.
  if (!/<ExtensionImage[\s>]/.test(text) || /<!(?:DOCTYPE|ENTITY)/i.test(text)) {
    throw new GalleryError(
      'IdentityMalformed',
      `'${file}' is not the manifest of an extension: it has no plain <ExtensionImage>.`,
    );
  }
  const bare = text.replace(/<!--[\s\S]*?-->/g, '');
  const word = (element: string): string | undefined => {
    const found = [...bare.matchAll(new RegExp(`<${element}>\\s*([A-Za-z0-9._-]{1,128})\\s*</${element}>`, 'g'))];
    if (found.length < 2) return found[0]?.[1];
    throw new GalleryError('IdentityMalformed', `The manifest '${file}' says <${element}> more than once.`);
  };
  const said = {
    publisher: word('ProviderNameSpace'),
    type: word('Type'),
    version: word('Version'),
    supportedOs: word('SupportedOS'),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
