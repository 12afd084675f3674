/** What every command gets, and the one way to answer. */
import type { CommandContext } from '@stricli/core';

export interface GalleryContext extends CommandContext {
  readonly process: NodeJS.Process;
  readonly now: () => Date;
}

/** Flags that all commands share. */
export interface CommonFlags {
  readonly gallery: string;
  readonly json: boolean;
}

/** Flags of the commands that sign. */
export interface SigningFlags extends CommonFlags {
  readonly keys?: readonly string[];
  readonly passphraseFile?: readonly string[];
}

export const commonFlags = {
  gallery: { kind: 'parsed', parse: String, brief: 'Folder of the gallery', placeholder: 'DIR' },
  json: { kind: 'boolean', brief: 'Answer as JSON', default: false, withNegated: false },
} as const;

export const signingFlags = {
  ...commonFlags,
  keys: {
    kind: 'parsed',
    parse: String,
    brief: 'Another folder with keys, as on a medium; may be given several times',
    placeholder: 'DIR',
    variadic: true,
    optional: true,
  },
  passphraseFile: {
    kind: 'parsed',
    parse: String,
    brief:
      'Where the passphrase of sealed keys is read: a file, - (standard input) or fd:N; may be given several times',
    placeholder: 'FILE',
    variadic: true,
    optional: true,
  },
} as const;

/** A flag that may be left out. */
export function optionalText<const P extends string>(brief: string, placeholder: P) {
  return { kind: 'parsed', parse: String, brief, placeholder, optional: true } as const;
}

/** Answers: the value as JSON, or the lines. */
export function answer(context: GalleryContext, flags: CommonFlags, value: unknown, lines: readonly string[]): void {
  const text = flags.json ? JSON.stringify(value, undefined, 2) : lines.map(printable).join('\n');
  if (text !== '') context.process.stdout.write(`${text}\n`);
}

/** Replaces control characters, so that no name or message can drive the reader's terminal (T80). */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
