/** Passphrases come from a file, standard input or an open descriptor: never from the command line, which everybody on the machine can read. */
import { readFileSync, statSync } from 'node:fs';
import { CodedError, messageOf } from '@sallyport/model';

/** Reads one passphrase of each source: its first line. `-` is standard input, `fd:3` a descriptor. */
export function readPassphrases(sources: readonly string[]): string[] {
  return sources.map((source) => {
    const text = readSource(source);
    const passphrase = text.split(/\r?\n/, 1)[0] ?? '';
    if (passphrase.length >= shortest) return passphrase;
    throw new CodedError(
      'ArgumentMalformed',
      `The passphrase from '${source}' has fewer than ${shortest} characters: take a longer one, such as five random words.`,
    );
  });
}

const shortest = 12;

function readSource(source: string): string {
  const [, descriptor] = /^fd:([0-9]{1,4})$/.exec(source) ?? [];
  try {
    if (source === '-') return readFileSync(0, 'utf8');
    if (descriptor !== undefined) return readFileSync(Number(descriptor), 'utf8');
    const { mode } = statSync(source);
    if ((mode & 0o077) === 0) return readFileSync(source, 'utf8');
  } catch (error) {
    throw new CodedError('ArgumentMalformed', `The passphrase cannot be read from '${source}': ${messageOf(error)}.`, {
      cause: error,
    });
  }
  throw new CodedError(
    'ArgumentMalformed',
    `The passphrase file '${source}' can be read by others than its owner: chmod 600, and change the passphrase if others had access.`,
  );
}
