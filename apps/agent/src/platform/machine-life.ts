/** Tells one start of the machine from another, also where the machine is a container on a host that goes on running. */
import { readFileSync } from 'node:fs';

/** Changes whenever every process has ended and others have begun. '' where that cannot be known. */
export function machineLife(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // When the first process was started, in ticks since the kernel was. Its name may hold blanks and brackets.
    const first = readFileSync('/proc/1/stat', 'utf8');
    return `${boot} ${first.slice(first.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return '';
  }
}
