/** Shows the steps of an extension operation as they come, then its outcome. */
import { CodedError, parseValue } from '@sallyport/model';
import type { Accepted, ArmClient, OperationOutcome } from '../../connection/arm-client.ts';
import type { CliContext } from '../../context.ts';
import { printable } from '../../output/table.ts';
import { apiVersions, extensionSchema } from '../../resources.ts';
import { ToldSteps, type Step } from './told-steps.ts';

/** Its end is told at once; its steps are looked at this often. Seconds. */
const waitSeconds = 1;

/** Follows an operation to its end; `onStep` hears each step once, in order. The extension may vanish meanwhile (delete). */
export async function watchOperation(
  client: ArmClient,
  path: string,
  operation: string,
  onStep: (step: Step) => void,
): Promise<OperationOutcome> {
  const told = new ToldSteps();
  const showSteps = async (): Promise<void> => {
    const found = await client.get(path, apiVersions.hybridCompute);
    if (found === undefined) return;
    const steps = parseValue(extensionSchema, found, 'The extension').properties.instanceView?.statuses ?? [];
    for (const step of told.news(steps)) onStep(step);
  };
  const outcome = await client.outcome(operation, showSteps, waitSeconds);
  await showSteps();
  return outcome;
}

/** The command line's way of following. Fails with the operation's own code and message. */
export async function followOperation(
  context: CliContext,
  client: ArmClient,
  path: string,
  accepted: Accepted,
  wait: boolean,
): Promise<void> {
  if (accepted.operation === undefined || !wait) {
    context.process.stdout.write(
      accepted.operation === undefined ? 'Done.\n' : `Accepted. Its outcome: ${accepted.operation}\n`,
    );
    return;
  }
  const outcome = await watchOperation(client, path, accepted.operation, (step) =>
    context.process.stdout.write(`${printable(step.time)}  ${printable(step.state)}\n`),
  );
  if (outcome.status !== 'Succeeded') throw new CodedError(outcome.code, outcome.message);
  const found = await client.get(path, apiVersions.hybridCompute);
  const message =
    found === undefined
      ? ''
      : (parseValue(extensionSchema, found, 'The extension').properties.instanceView?.status?.message ?? '');
  context.process.stdout.write(`Succeeded.\n${message === '' ? '' : `${printable(message)}\n`}`);
}
