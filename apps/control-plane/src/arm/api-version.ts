import { ArmError } from './arm-error.ts';
import type { ResourceType } from './resource-type.ts';

const wellFormed = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:-[a-z]+)?$/;

/** Checks the api-version of a request against its resource type (arm-api §8.2). Returns it; throws {@link ArmError}. */
export function checkApiVersion(version: string | undefined, row: ResourceType): string {
  if (version === undefined || version === '') {
    throw new ArmError(
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (!wellFormed.test(version)) {
    throw new ArmError(
      'InvalidApiVersionParameter',
      `The api-version '${version.slice(0, 40)}' is invalid. Versions look like '2024-07-10'.`,
    );
  }
  if (row.apiVersions !== 'any' && !row.apiVersions.includes(version)) {
    const [namespace = '', ...rest] = row.type.split('/');
    throw new ArmError(
      'NoRegisteredProviderFound',
      `No registered resource provider found for API version '${version}' for type '${rest.join('/')}' of '${namespace}'. The supported api-versions are '${row.apiVersions.join(', ')}'.`,
    );
  }
  return version;
}
