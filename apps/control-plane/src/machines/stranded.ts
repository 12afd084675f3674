/** Whether an extension is stranded: installed before a list was set on its machine, which now stands in the way of everything but its removal. */
import { extensionNameOf } from '@sallyport/model';
import type { AgentConfiguration } from '@sallyport/model/wire';
import type { Selectable } from 'kysely';
import type { ExtensionRow } from '../store/schema/extension-rows.ts';
import { blockedByLists } from './blocked-by-lists.ts';

/** What a machine has said of its own controls, and when. */
export interface ReportedControls {
  readonly controls: AgentConfiguration;
  readonly at: number;
}

export interface Stranded {
  /** A sentence: what stands in the way, and what can be done. */
  readonly message: string;
  /** When the machine told of the controls that this follows from. */
  readonly toldAt: number;
}

/** Undefined when it is not, or when the machine has not told of its controls (S4.6). */
export function strandedBy(
  extension: Pick<Selectable<ExtensionRow>, 'publisher' | 'type' | 'installed_version'>,
  reported: ReportedControls | undefined,
): Stranded | undefined {
  if (reported === undefined || extension.installed_version === '') return undefined;
  const named = extensionNameOf(extension.publisher, extension.type);
  const why = named.ok ? blockedByLists(named.name, reported.controls) : undefined;
  if (why === undefined) return undefined;
  const message = `It stays at ${extension.installed_version} and is neither reconfigured nor upgraded: ${why}. It can be deleted.`;
  return { message, toldAt: reported.at };
}
