/** Ends what a version of an extension has left running, and says so: an extension does not outlive its removal (T44). */
import { handlerName } from '@sallyport/model';
import type { ExtensionHost } from '../operation-context.ts';
import type { Member } from './extension-groups.ts';

const mostNamed = 10;

/** Also for a manager that is being disabled: what it hosts stops, what has a service of its own goes on (S4.11). */
export async function endLeftovers(host: ExtensionHost, member: Member): Promise<void> {
  const ended = await host.groups.end(member);
  if (ended.length === 0) return;
  const named = ended.slice(0, mostNamed).map(({ pid, name }) => `${name} (${pid})`);
  host.log('warn', 'processes that were left behind have been ended', {
    extension: handlerName(member.name),
    version: member.version,
    processes: ended.length,
    names: named.join(', '),
  });
}
