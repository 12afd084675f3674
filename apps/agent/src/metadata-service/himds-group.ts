/** The group whose members may ask for the machine's tokens. It is the administrator's to fill. */
import { readFileSync } from 'node:fs';

export const identityGroup = 'himds';

/** The number of the group in this text of `/etc/group`, or undefined when there is none. */
export function groupNumber(text: string, name: string): number | undefined {
  for (const line of text.split('\n')) {
    const [found, , number = ''] = line.split(':');
    if (found === name && /^\d+$/.test(number)) return Number(number);
  }
  return undefined;
}

/** The number of the group on this machine; without it only the owner of the agent may ask. */
export function identityGroupNumber(): number | undefined {
  try {
    return groupNumber(readFileSync('/etc/group', 'utf8'), identityGroup);
  } catch {
    // No groups file: nobody is in the group.
    return undefined;
  }
}
