/** What a downloaded file is called: the last part of its address, when that is a plain name. Pure. */
import { Refusal } from './refusal.ts';

/** Names the handler uses itself in the same folder. */
export const ownNames = {
  script: 'script.sh',
  command: 'command.sh',
  stdout: 'stdout',
  stderr: 'stderr',
  runner: 'runner.json',
} as const;

const taken: ReadonlySet<string> = new Set(Object.values(ownNames));

/** The address with its name, without what could be secret in it for messages. */
export interface RemoteFile {
  readonly url: URL;
  readonly name: string;
  /** Scheme, host and path: no user, no password, no query. */
  readonly shown: string;
}

/** Checks all addresses before anything is downloaded. */
export function remoteFiles(uris: readonly string[]): readonly RemoteFile[] {
  const files = uris.map((uri, i) => remoteFile(uri, i + 1));
  const names = files.map((file) => file.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new Refusal(`Two addresses in 'fileUris' end in '${twice}'; they would overwrite each other.`);
  return files;
}

function remoteFile(uri: string, number: number): RemoteFile {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Refusal(`Address ${number} in 'fileUris' is not an http or https address.`);
  }
  const shown = `${url.protocol}//${url.host}${url.pathname}`;
  const name = lastPart(url);
  // The length in bytes is what file systems count.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._ +@=-]*$/.test(name) || name.length > 200) {
    throw new Refusal(`The address ${shown} does not end in a plain file name (letters, digits, '.', '_', '-').`);
  }
  if (taken.has(name))
    throw new Refusal(`The address ${shown} ends in '${name}', a name that Custom Script uses itself.`);
  return { url, name, shown };
}

function lastPart(url: URL): string {
  try {
    return decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  } catch {
    // A malformed escape is no plain name; the caller says so.
    return '';
  }
}
