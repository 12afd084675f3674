/** What an operation is doing, for people: `Runs the install command of Contoso.Test/Thing 2.0.0`. */
import { formatExtensionName } from '@sallyport/model';
import type { OperationContext } from '../operation-context.ts';
import { stepLimits } from '../plan/step-limits.ts';

/** The step that was begun last, with the extension and the version that it is about. */
export function describe({ findings, name }: Pick<OperationContext, 'findings' | 'name'>): string {
  const { step } = findings;
  if (step === undefined) return `Prepares ${formatExtensionName(name)}`;
  const version = 'before' in step ? `${step.before} to ${step.version}` : step.version;
  return `${stepLimits[step.kind].doing} of ${formatExtensionName(name)} ${version}`;
}
