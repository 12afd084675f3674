/** The few calls of the ARM API that connecting and disconnecting need, with an operator's token. */
import { machineResourceId } from '@sallyport/model';
import * as z from 'zod/mini';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { jsonOf, refusalOf } from './json-answer.ts';

const groupVersion = '2021-04-01';
const machineVersion = '2024-07-10';
const timeoutMilliseconds = 60_000;
const answerBytes = 1024 * 1024;

const machineSchema = z.object({
  id: z.string(),
  name: z.string(),
  location: z.string(),
  identity: z.object({ principalId: z.string(), tenantId: z.string() }),
  properties: z.object({ vmId: z.string() }),
});
export type ArmMachine = z.infer<typeof machineSchema>;

export interface MachineName {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly resourceName: string;
}

export interface NewMachine {
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly vmId: string;
  readonly clientPublicKey: string;
  /** Resource id, if it is connected privately. */
  readonly privateLinkScope: string | undefined;
}

export interface ArmClient {
  /** Makes a resource group. */
  makeResourceGroup(name: MachineName, location: string): Promise<void>;
  putMachine(name: MachineName, machine: NewMachine): Promise<ArmMachine>;
  /** Deletes the machine; one that is not there is no error. */
  deleteMachine(resourceId: string): Promise<void>;
}

export interface ArmClientOptions {
  readonly http: HttpClient;
  readonly endpoint: string;
  readonly token: string;
  readonly correlationId: string;
  readonly signal: AbortSignal;
}

/** The client. Every call throws `ServerRefusal` or `HttpError` when it did not succeed. */
export function armClient(options: ArmClientOptions): ArmClient {
  async function call(method: 'PUT' | 'DELETE', path: string, version: string, body?: unknown): Promise<HttpAnswer> {
    const url = new URL(`${options.endpoint}${path}`);
    url.searchParams.set('api-version', version);
    return options.http.request(
      {
        method,
        url,
        headers: {
          authorization: `Bearer ${options.token}`,
          accept: 'application/json',
          'x-ms-correlation-request-id': options.correlationId,
          'x-ms-client-request-id': options.correlationId,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeoutMilliseconds,
        signal: options.signal,
      },
      answerBytes,
    );
  }

  return {
    async makeResourceGroup({ subscriptionId, resourceGroup }, location) {
      const path = `/subscriptions/${encodeURIComponent(subscriptionId)}/resourceGroups/${encodeURIComponent(resourceGroup)}`;
      const made = await call('PUT', path, groupVersion, { location });
      if (made.status < 200 || made.status > 299) throw refusalOf(made, `Creating resource group '${resourceGroup}'`);
    },
    async putMachine(name, machine) {
      const { subscriptionId, resourceGroup, resourceName } = name;
      const path = machineResourceId(
        encodeURIComponent(subscriptionId),
        encodeURIComponent(resourceGroup),
        encodeURIComponent(resourceName),
      );
      const answer = await call('PUT', path, machineVersion, {
        location: machine.location,
        tags: machine.tags,
        identity: { type: 'SystemAssigned' },
        properties: {
          vmId: machine.vmId,
          clientPublicKey: machine.clientPublicKey,
          osType: 'linux',
          ...(machine.privateLinkScope === undefined ? {} : { privateLinkScopeResourceId: machine.privateLinkScope }),
        },
      });
      return jsonOf(answer, machineSchema, 'Creating the machine resource');
    },
    async deleteMachine(resourceId) {
      const path = resourceId.split('/').map(encodeURIComponent).join('/');
      const answer = await call('DELETE', path, machineVersion);
      if (answer.status === 404 || (answer.status >= 200 && answer.status <= 299)) return;
      throw refusalOf(answer, 'Deleting the machine resource');
    },
  };
}
