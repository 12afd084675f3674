/** What would happen to an extension: the answer of `azcmagent extension explain`. */
import { operationKinds, type ExtensionName, type OperationKind } from '@sallyport/model';
import type { ControlsReading } from './controls-reading.ts';
import { decide, type Verdict } from './decide.ts';

export interface ExplainedOperation extends Verdict {
  readonly operation: OperationKind;
}

/** The verdict on each of the operations, by default on all four. */
export function explainExtension(
  extension: ExtensionName,
  reading: ControlsReading,
  operations: readonly OperationKind[] = operationKinds,
): readonly ExplainedOperation[] {
  return operations.map((operation) => ({ operation, ...decide(operation, extension, reading) }));
}
