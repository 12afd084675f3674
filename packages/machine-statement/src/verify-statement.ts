/** Is it the machine's own word? Needs the machine's id and nothing else: no network, no list of keys, nobody's word. */
import { parseJson } from '@sallyport/model';
import { machineIdOf, publicKeyText } from './machine-id.ts';
import { openText, peekText } from './signed-text.ts';
import { statementKind, statementSchema, type Statement } from './statement.ts';
import { StatementNotTrusted } from './statement-not-trusted.ts';
import { lastKeyOf } from './succession.ts';

export interface VerifiedStatement {
  readonly statement: Statement;
  /** The key that signed it: base64 of PKCS#1 DER. */
  readonly publicKey: string;
}

/**
 * Verifies a statement of the machine with this id: the first key in it has to hash to the id, each later one has to be named by the
 * one before, and the last one has to have signed it. Throws {@link StatementNotTrusted}.
 */
export function verifyStatement(text: string, vmId: string): VerifiedStatement {
  const claimed = parse(peekText(statementKind, text));
  const wanted = vmId.toLowerCase();
  if (claimed.vmId !== wanted)
    throw new StatementNotTrusted(`It is of the machine with id ${claimed.vmId}, not of ${wanted}.`);
  if (machineIdOf(Buffer.from(claimed.firstKey, 'base64')) !== wanted)
    throw new StatementNotTrusted(`The first key in it is not the one that the id ${wanted} stands for.`);
  const key = lastKeyOf(wanted, claimed);
  return { statement: parse(openText(statementKind, text, key)), publicKey: publicKeyText(key) };
}

function parse(text: string): Statement {
  try {
    return parseJson(statementSchema, text, 'The statement');
  } catch (error) {
    throw new StatementNotTrusted('What is signed in it is not a statement of a machine.', { cause: error });
  }
}
