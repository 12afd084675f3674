/** What a password must be (NIST SP 800-63B: length counts, kinds of characters do not). Pure. */
import { longestPassword } from './password-sign-in.ts';

const shortest = 12;

/** Why a password cannot be taken, undefined when it can. */
export function weaknessOf(password: string, userName: string): string | undefined {
  if (password.length < shortest)
    return `A password has at least ${shortest} characters; several words are easy to keep in mind.`;
  if (password.length > longestPassword) return `A password has at most ${longestPassword} characters.`;
  const name = userName.split('@')[0] ?? '';
  if (name.length > 2 && password.toLowerCase().includes(name.toLowerCase()))
    return 'A password does not hold the user name: that is tried first.';
  if (new Set(password).size < 6) return 'A password does not repeat a few characters.';
  return undefined;
}
