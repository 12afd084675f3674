/** Where the machine has no way of keeping processes together: extensions run, and only what each single process may do is limited. */
import { endMembers } from './end-members.ts';
import type { ExtensionGroups, Member } from './extension-groups.ts';
import { launchWords } from './launcher.ts';
import { processesWith } from './processes.ts';

export const noGroups: ExtensionGroups = {
  open: (_member, limits) => ({
    launch: (command) => launchWords(limits, [], command),
    problems: [],
    reached: () => [],
    close: () => undefined,
  }),
  count: () => undefined,
  end: (member) => endMembers(() => markedProcesses(member)),
  sweep: () => undefined,
};

/** What still bears the environment it was started with. Others cannot be told from the machine's own processes. */
export function markedProcesses({ directory }: Member): readonly number[] {
  const variable = `AZURE_GUEST_AGENT_EXTENSION_PATH=${Buffer.from(directory).toString('latin1')}`;
  return processesWith('environ', (text) => text.split('\0').includes(variable));
}
