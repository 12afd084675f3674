/** What `azcmagent connect` was asked for, checked before anything is done. */
import { hostname } from 'node:os';
import { AzcmError } from '../cli/azcm-error.ts';
import type { Invocation } from '../cli/command.ts';
import type { Environment } from '../platform/environment.ts';
import { operatorCredentials, type OperatorCredentials } from './operator.ts';

export interface ConnectRequest {
  readonly endpoint: string;
  readonly catalogUrl: string;
  readonly caFile: string | undefined;
  /** Undefined for the one that the agent's package brought. */
  readonly catalogRootFile: string | undefined;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly resourceName: string;
  readonly location: string;
  readonly tenantId: string;
  /** Resource id: the machine is connected privately (S1.5). */
  readonly privateLinkScope: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly correlationId: string;
  readonly credentials: OperatorCredentials;
}

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads the options. Throws AZCM0016 for a missing one, AZCM0023 for a wrong one, AZCM0102 without a host name. */
export function connectRequest(invocation: Invocation, environment: Environment): ConnectRequest {
  const { texts } = invocation;
  const endpoint = httpsUrl('endpoint', required(invocation, 'endpoint')).origin;
  const catalog = httpsUrl('catalog-url', texts.get('catalog-url') ?? `${endpoint}/catalog/`);
  if (!catalog.pathname.endsWith('/')) catalog.pathname += '/';
  const request: ConnectRequest = {
    endpoint,
    catalogUrl: catalog.href,
    caFile: texts.get('ca-file'),
    catalogRootFile: texts.get('catalog-root'),
    subscriptionId: matching('subscription-id', required(invocation, 'subscription-id'), guid, 'a GUID'),
    resourceGroup: matching(
      'resource-group',
      required(invocation, 'resource-group'),
      /^[-\w.()]{0,89}[-\w()]$/,
      'the name of a resource group',
    ),
    location: matching('location', required(invocation, 'location'), /^[A-Za-z0-9 ]{1,64}$/, 'a location'),
    tenantId: matching('tenant-id', required(invocation, 'tenant-id'), guid, 'a GUID'),
    resourceName: resourceName(texts.get('resource-name')),
    privateLinkScope: privateLinkScope(texts.get('private-link-scope')),
    tags: tagsOf(texts.get('tags') ?? ''),
    correlationId: matching('correlation-id', texts.get('correlation-id') ?? environment.guid(), guid, 'a GUID'),
    credentials: operatorCredentials(invocation),
  };
  return request;
}

function required({ texts }: Invocation, name: string): string {
  const value = texts.get(name);
  if (value !== undefined && value !== '') return value;
  throw new AzcmError('AZCM0016', `--${name} is missing.`, ['See: azcmagent connect --help']);
}

function matching(name: string, value: string, form: RegExp, what: string): string {
  if (form.test(value)) return value;
  throw new AzcmError('AZCM0023', `--${name}: '${value}' is not ${what}.`);
}

function httpsUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url?.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  ) {
    return url;
  }
  throw new AzcmError('AZCM0023', `--${name}: '${text}' is not an address of the form https://host[:port].`);
}

/** At most 54 characters: letters, digits, `-` and `_`, the last of them a letter or digit (arc-agent §1.3). */
function resourceName(given: string | undefined): string {
  if (given !== undefined) {
    const what = 'a name of at most 54 letters, digits, - and _ that ends with a letter or digit';
    return matching('resource-name', given, /^[A-Za-z0-9][-\w]{0,52}[A-Za-z0-9]$|^[A-Za-z0-9]$/, what);
  }
  const name = (hostname().split('.')[0] ?? '')
    .replace(/[^-\w]/g, '-')
    .slice(0, 54)
    .replace(/^[-_]+|[-_]+$/g, '');
  if (name !== '') return name;
  throw new AzcmError('AZCM0102', 'The host name of this machine cannot be found out.', ['Give --resource-name.']);
}

function privateLinkScope(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const form =
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.HybridCompute\/privateLinkScopes\/[^/]+$/i;
  return matching('private-link-scope', given, form, 'the resource id of a private link scope');
}

/** `A=b,C=d`. */
function tagsOf(text: string): Readonly<Record<string, string>> {
  const parts = text.split(',').map((part) => part.trim());
  return Object.fromEntries(
    parts.flatMap((part): readonly [string, string][] => {
      if (part === '') return [];
      const at = part.indexOf('=');
      if (at > 0) return [[part.slice(0, at).trim(), part.slice(at + 1).trim()]];
      throw new AzcmError('AZCM0023', `--tags: '${part}' is not of the form name=value.`);
    }),
  );
}
