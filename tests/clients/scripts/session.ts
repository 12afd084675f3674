/** What the client scripts share: the operator from the command line, the credential, and how a failure becomes a value. */
import { ClientSecretCredential } from '@azure/identity';
import type { Operator } from '../control-plane-process.ts';

export const operator = JSON.parse(process.argv[2] ?? '') as Operator;

/** The stock credential, unchanged, pointed at the control plane. */
export const credential = new ClientSecretCredential(operator.tenantId, operator.clientId, operator.clientSecret, {
  authorityHost: operator.endpoint,
  disableInstanceDiscovery: true,
});

/** Options of every client. */
export const clientOptions = { endpoint: operator.endpoint, credentialScopes: [`${operator.endpoint}/.default`] };

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/** The error that a call ends with; a call that succeeds is a failure of the script. */
export async function refusalOf(call: () => Promise<unknown>): Promise<Refusal> {
  try {
    await call();
  } catch (error) {
    const {
      code = '',
      message = '',
      statusCode = 0,
    } = error as { code?: string; message?: string; statusCode?: number };
    return { code, message, status: statusCode };
  }
  throw new Error('The call was expected to be refused.');
}

/** Every item of all pages. */
export async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** Prints the answer of the script. */
export function answer(value: unknown): void {
  process.stdout.write(JSON.stringify(value));
}
