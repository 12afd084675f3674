/**
 * Seals protected settings for a machine, here and not at the control plane: whoever signs knows what they sign (T10). The key is the one
 * that the machine's id stands for, which the machine's own statement proves.
 */
import { readPublicKey, verifyStatement } from '@sallyport/machine-statement';
import { CodedError, extensionKey, extensionNameOf, parseValue } from '@sallyport/model';
import type { SealedSettingsBinding } from '@sallyport/model/wire';
import type { ArmClient } from '../connection/arm-client.ts';
import { apiVersions, keptStatementSchema } from '../resources.ts';
import type { WaitingOrder } from './waiting-order.ts';

/** A JWE that only the machine opens, bound to exactly this request (T51). */
export async function sealForMachine(
  client: ArmClient,
  machine: string,
  waiting: WaitingOrder,
  settings: Readonly<Record<string, unknown>>,
): Promise<string> {
  const [kept] = await client.list(`${machine}/providers/Sallyport.Explain/statements`, apiVersions.explain);
  if (kept === undefined) {
    throw new CodedError(
      'StatementMissing',
      'The control plane shows no statement of the machine, so nothing proves which key is its own and nothing is sealed.',
    );
  }
  const { statement } = parseValue(keptStatementSchema, kept, 'The statement');
  const { publicKey } = verifyStatement(statement, waiting.machineId);
  const named = extensionNameOf(waiting.publisher, waiting.type);
  if (!named.ok)
    throw new CodedError('MalformedInput', `The extension's name is malformed: ${named.malformed.reason}.`);
  const { machineId, resourceName, operationId, sequence } = waiting;
  const binding: SealedSettingsBinding = {
    machineId,
    resourceName,
    extension: extensionKey(named.name),
    operationId,
    sequence,
  };
  // Only who seals needs it, and every command would load it.
  const { CompactEncrypt } = await import('jose');
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(settings)))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', ...binding })
    .encrypt(readPublicKey(publicKey));
}
