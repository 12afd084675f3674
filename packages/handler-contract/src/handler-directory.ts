/** Names of handlers' directories: `<Publisher.Type>-<version>` (contract §1). */
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';

/** `Publisher.Type-1.2.3`. `name` is the handler's, as `handlerName()` makes it. */
export function handlerDirectoryName(name: string, version: HandlerVersion): string {
  return `${name}-${version}`;
}

/** Name and version of a directory's name; undefined for anything that is not a handler's directory. */
export function parseHandlerDirectoryName(
  text: string,
): { readonly name: string; readonly version: HandlerVersion } | undefined {
  // The last dash separates: publishers and types may hold dashes, versions never do.
  const dash = text.lastIndexOf('-');
  if (dash <= 0) return undefined;
  const version = parseHandlerVersion(text.slice(dash + 1));
  return version === undefined ? undefined : { name: text.slice(0, dash), version };
}
