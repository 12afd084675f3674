/** How a person's password is given: from a file or standard input, never on the command line, where others can read it (T52). */
import { readFileSync } from 'node:fs';
import { CodedError, messageOf } from '@sallyport/model';

export const passwordFlags = {
  passwordFile: {
    kind: 'parsed',
    parse: String,
    brief: 'File with the password, - for standard input; without one it is made and shown once',
    optional: true,
    placeholder: 'FILE',
  },
  noPassword: { kind: 'boolean', brief: 'No password: an identity provider knows the person', default: false },
} as const;

export interface PasswordFlags {
  readonly passwordFile?: string;
  readonly noPassword: boolean;
}

/** What the body says of the password: a text, null for none, nothing for one that is to be made. */
export function passwordOf({ passwordFile, noPassword }: PasswordFlags): { readonly password?: string | null } {
  if (noPassword && passwordFile !== undefined)
    throw new CodedError('MalformedInput', 'Name either --password-file or --no-password.');
  if (noPassword) return { password: null };
  if (passwordFile === undefined) return {};
  try {
    return { password: readFileSync(passwordFile === '-' ? 0 : passwordFile, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    throw new CodedError('MalformedInput', `The password file ${passwordFile} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
