/** The operator over plain HTTP: a token, then ARM requests, for what stock clients hide. */
import type { Operator } from './control-plane-process.ts';
import { httpClient, type Answer } from './http-client.ts';

export interface OperatorClient {
  readonly token: string;
  arm(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

/** Signs in with the operator's secret. */
export async function signIn(operator: Operator): Promise<OperatorClient> {
  const client = httpClient(operator.endpoint, operator.caFile);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: operator.clientId,
    client_secret: operator.clientSecret,
    scope: `${operator.endpoint}/.default`,
  });
  const answer = await client.send('POST', `/${operator.tenantId}/oauth2/v2.0/token`, {
    body: form.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const { access_token: token } = answer.json() as { readonly access_token: string };
  return {
    token,
    arm: (method, path, body, headers) =>
      client.send(method, path, {
        token,
        ...(body === undefined ? {} : { body }),
        ...(headers === undefined ? {} : { headers }),
      }),
    close: () => client.close(),
  };
}
