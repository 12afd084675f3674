/** Names and versions as people type them. */
import { parseExtensionName, parseHandlerVersion, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { GalleryError } from './gallery-error.ts';

/** Throws `ArgumentMalformed`. */
export function requireName(text: string): ExtensionName {
  const result = parseExtensionName(text);
  if (result.ok) return result.name;
  throw new GalleryError('ArgumentMalformed', `'${text}' is not an extension: ${result.malformed.reason}.`);
}

/** Throws `ArgumentMalformed`. */
export function requireVersion(text: string): HandlerVersion {
  const version = parseHandlerVersion(text);
  if (version !== undefined) return version;
  throw new GalleryError('ArgumentMalformed', `'${text}' is not a version: give one to four numbers, as in 2.1.0.`);
}
