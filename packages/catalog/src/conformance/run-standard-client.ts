/** The command line of the public conformance suite (its CLIENT-CLI protocol): `init`, `refresh` and `download`; exit code 0 or 1. */
import { parseArgs } from 'node:util';
import { CodedError, messageOf } from '@sallyport/model';
import { beginWith } from './standard-directory.ts';
import { downloadTarget, refreshMetadata, type StandardPlace } from './standard-client.ts';

export interface StandardEnvironment {
  readonly now: () => Date;
  readonly say: (line: string) => void;
}

const options = {
  'metadata-dir': { type: 'string' },
  'metadata-url': { type: 'string' },
  'target-name': { type: 'string' },
  'target-base-url': { type: 'string' },
  'target-dir': { type: 'string' },
} as const;

type OptionName = keyof typeof options;
type Given = { readonly [name in OptionName]?: string };

const commands: Readonly<Record<string, (given: Given, words: readonly string[], now: () => Date) => Promise<string>>> =
  {
    init: async (given, [root]) => {
      if (root === undefined) throw new Error("'init' needs the file of a trusted root.");
      await beginWith(required(given, 'metadata-dir'), root);
      return `All trust begins with ${root}.`;
    },
    refresh: async (given, _, now) => {
      const { store } = await refreshMetadata(placeOf(given, now));
      return `The metadata is up to date: timestamp version ${store.timestamp?.signed.version ?? 0}.`;
    },
    download: async (given, _, now) => {
      const file = await downloadTarget(placeOf(given, now), {
        path: required(given, 'target-name'),
        baseUrl: required(given, 'target-base-url'),
        directory: required(given, 'target-dir'),
      });
      return `Verified: ${file}`;
    },
  };

/** Runs one command and returns its exit code. */
export async function runStandardClient(words: readonly string[], { now, say }: StandardEnvironment): Promise<0 | 1> {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    const [name = '', ...rest] = positionals;
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new Error(`'${name}' is not a command: init, refresh or download.`);
    say(await command(values, rest, now));
    return 0;
  } catch (error) {
    say(error instanceof CodedError ? `${error.code}: ${error.message}` : messageOf(error));
    return 1;
  }
}

function placeOf(given: Given, now: () => Date): StandardPlace {
  return { metadataDirectory: required(given, 'metadata-dir'), metadataUrl: required(given, 'metadata-url'), now };
}

function required(given: Given, name: OptionName): string {
  const value = given[name];
  if (value === undefined) throw new Error(`--${name} is missing.`);
  return value;
}
