/** An extension that was installed before a list was set stays, and keeps its version for good: it is stranded (S4.6). */
import type { ExtensionName } from '@sallyport/model';
import type { ControlsReading } from './controls-reading.ts';
import { decide, type Verdict } from './decide.ts';

/** Why an installed extension can be neither reconfigured nor upgraded; undefined when no list or mode stands in its way. */
export function strandedBy(extension: ExtensionName, reading: ControlsReading): Verdict | undefined {
  if (reading.kind === 'unreadable') return undefined;
  const verdict = decide('upgrade', extension, reading);
  return verdict.outcome === 'block' ? verdict : undefined;
}
