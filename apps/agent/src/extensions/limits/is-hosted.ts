/** Whether an extension has processes that the manager hosts: what runs as a service of its own is the system's (S4.11). */
import type { ExtensionGroups, Member } from './extension-groups.ts';
import { markedProcesses } from './no-groups.ts';

export function isHosted(groups: ExtensionGroups, member: Member): boolean {
  return (groups.count(member) ?? markedProcesses(member).length) > 0;
}
