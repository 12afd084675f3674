/** `azcmagent extension explain <publisher/type> [operation]`: which rule decides, and why. An addition of ours. */
import { explainExtension, signersIn } from '@sallyport/local-controls';
import {
  formatExtensionName,
  operationKinds,
  parseExtensionName,
  type ExtensionName,
  type OperationKind,
} from '@sallyport/model';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';
import { explainInstallNetwork, installNetworkWord } from '../../../extensions/network/command-network.ts';
import { readControlsOrThrow } from '../config/controls-in-force.ts';
import { nearest } from '../../nearest.ts';

/** Answers also when the controls are unreadable: what that means for the extension is the answer. */
export async function run(invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const [text = '', asked] = invocation.arguments;
  const extension = extensionArgument(text);
  const operations = asked === undefined ? operationKinds : [operationArgument(asked)];
  const reading = readControlsOrThrow(environment);
  const explained = explainExtension(extension, reading, operations);
  voice.line(formatExtensionName(extension));
  for (const { operation, outcome, rule, message } of explained) {
    voice.line(`  ${operation.padEnd(8)}: ${outcome.padEnd(10)} (${rule}) ${message}`);
  }
  const signers = signersIn(reading);
  if (signers !== undefined) {
    const names = signers.signers.map(({ name }) => name).join(', ');
    voice.line(
      `  What is allowed of this and asked for by the control plane waits for the signatures of ${signers.needed} of ${names} (extensions.signers).`,
    );
  }
  const network = installNetworkWord(reading);
  const withheld = explainInstallNetwork(network);
  if (withheld !== undefined) voice.line(`  ${withheld}`);
  voice.value({
    extension: formatExtensionName(extension),
    operations: explained,
    ...(withheld === undefined ? {} : { installNetwork: network }),
    ...(signers === undefined ? {} : { signers }),
  });
}

function extensionArgument(text: string): ExtensionName {
  const result = parseExtensionName(text);
  if (result.ok) return result.name;
  const { entry, reason, suggestion } = result.malformed;
  throw new AzcmError('AZCM0023', `'${entry}' is not publisher/type: ${reason}.`, [
    suggestion === undefined ? 'For example: Microsoft.Azure.Extensions/CustomScript' : `Did you mean: ${suggestion}`,
  ]);
}

function operationArgument(text: string): OperationKind {
  const operation = operationKinds.find((kind) => kind === text.toLowerCase());
  if (operation !== undefined) return operation;
  const suggestion = nearest(text, operationKinds);
  const actions = suggestion === undefined ? [] : [`Did you mean: ${suggestion}`];
  throw new AzcmError('AZCM0023', `'${text}' is not an operation: ${operationKinds.join(', ')}.`, actions);
}
