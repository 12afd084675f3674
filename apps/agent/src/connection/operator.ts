/** An operator's credentials, as `connect` and `disconnect` take them, and the ARM client they open. */
import { readFileSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import { AzcmError } from '../cli/azcm-error.ts';
import type { Invocation, Voice } from '../cli/command.ts';
import { readControls } from '../config/read-controls.ts';
import type { Environment } from '../platform/environment.ts';
import { armClient, type ArmClient } from './arm-client.ts';
import { signInError } from './azcm-of.ts';
import { HttpClient } from './http-client.ts';
import { proxyNow } from './proxy.ts';
import { servicePrincipalToken } from './tokens.ts';

export type OperatorCredentials =
  | { readonly kind: 'service-principal'; readonly clientId: string; readonly secret: string }
  | { readonly kind: 'access-token'; readonly token: string };

/** Reads them. Throws AZCM0016 when there are none and AZCM0023 when there are two kinds. */
export function operatorCredentials({ texts }: Invocation): OperatorCredentials {
  const token = texts.get('access-token');
  const clientId = texts.get('service-principal-id');
  const secret = texts.get('service-principal-secret');
  if (token !== undefined) {
    if (clientId === undefined && secret === undefined) return { kind: 'access-token', token };
    throw new AzcmError('AZCM0023', 'Give either --access-token or a service principal, not both.');
  }
  if (clientId !== undefined && secret !== undefined) return { kind: 'service-principal', clientId, secret };
  throw new AzcmError(
    'AZCM0016',
    'Credentials are missing: --service-principal-id and --service-principal-secret, or --access-token.',
    ['Put the secret into a file and give it by --config, so that it does not show in the process list.'],
  );
}

export interface ControlPlaneAddress {
  readonly endpoint: string;
  /** PEM; undefined to ask the system's authorities. */
  readonly authorities: string | undefined;
}

/** A client for the control plane on this machine's way out. */
export function clientFor(address: ControlPlaneAddress, environment: Environment): HttpClient {
  const { endpoint, authorities } = address;
  const proxy = (): ReturnType<typeof proxyNow> => proxyNow(environment, readControls(environment));
  return new HttpClient({ origin: endpoint, authorities, proxy });
}

export interface SignInOptions {
  readonly http: HttpClient;
  readonly endpoint: string;
  readonly tenantId: string;
  readonly credentials: OperatorCredentials;
  readonly correlationId: string;
  readonly environment: Environment;
  readonly voice: Voice;
  readonly signal: AbortSignal;
}

/** Two clocks this far apart make tokens fail: two minutes (arc-agent §1.3). Milliseconds. */
const mostSkew = 120_000;

/** Signs in and opens ARM. Throws AZCM0041 or AZCM0026. */
export async function signIn(options: SignInOptions): Promise<ArmClient> {
  const { http, endpoint, tenantId, credentials, correlationId, environment, signal } = options;
  if (credentials.kind === 'access-token') {
    return armClient({ http, endpoint, token: credentials.token, correlationId, signal });
  }
  try {
    const service = { http, endpoint, tenantId };
    const { clientId, secret } = credentials;
    const token = await servicePrincipalToken(service, clientId, secret, environment, signal);
    if (Math.abs(token.clockAhead ?? 0) > mostSkew) {
      options.voice.warn(
        "This machine's clock is more than two minutes from the control plane's; tokens may be refused.",
      );
    }
    return armClient({ http, endpoint, token: token.value, correlationId, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw signInError(error);
  }
}

/** Reads a file that an option names. Throws AZCM0023. */
export function readOptionFile(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new AzcmError('AZCM0023', `The file of --${option} cannot be read: ${messageOf(error)}`, [], {
      cause: error,
    });
  }
}
