import type { ResourceType } from '../../arm/resource-type.ts';
import { actionDisplays } from '../../activity-log/action-display.ts';
import { apiVersions, namespace } from './provider.ts';

const reads: Readonly<Record<string, string>> = {
  [`${namespace}/machines/read`]: 'Read any Azure Arc machines',
  [`${namespace}/machines/extensions/read`]: 'Reads any Azure Arc extensions',
  [`${namespace}/operations/read`]: 'Read all Operations for Azure Arc for Servers',
  [`${namespace}/locations/operationstatus/read`]: 'Read the status of an operation',
  [`${namespace}/locations/operationresults/read`]: 'Read the result of an operation',
};

/** `GET /providers/Microsoft.HybridCompute/operations`: the actions that there are, for role editors. */
export function operationsList(): ResourceType {
  const writes = Object.entries(actionDisplays).filter(([action]) => action.startsWith(`${namespace}/`));
  const value = [...Object.entries(reads), ...writes].map(([name, operation]) => ({
    name,
    origin: 'user,system',
    display: {
      provider: 'Sallyport',
      resource: name.split('/').slice(1, -1).join('/'),
      operation,
      description: operation,
    },
  }));
  return {
    type: `${namespace}/operations`,
    scopes: ['tenant'],
    authorization: { collection: 'signed-in' },
    apiVersions,
    resource: 'none',
    collection: { GET: () => Promise.resolve({ status: 200, body: { value } }) },
  };
}
