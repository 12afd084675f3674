/** What the resources of this provider have in common. */
import { formatResourceId } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';

export const namespace = 'Sallyport.Upgrades';
export const common = { apiVersions: ['2026-11-01'], resource: 'none' } as const;

/** Settings have one name. Throws {@link ArmError} for every other. */
export function requireDefault({ id }: ArmRequest): void {
  const name = id.providers.at(-1)?.names.at(-1) ?? '';
  if (name.toLowerCase() === 'default') return;
  throw new ArmError(
    'InvalidResourceName',
    `There are settings named 'default' and no others, not '${name.slice(0, 60)}'.`,
  );
}

/** A resource as it is served. */
export function viewOf(request: ArmRequest, properties: object): object {
  const section = request.id.providers.at(-1);
  return {
    id: formatResourceId(request.id),
    name: section?.names.at(-1) ?? '',
    type: `${namespace}/${section?.types.join('/') ?? ''}`,
    properties,
  };
}
