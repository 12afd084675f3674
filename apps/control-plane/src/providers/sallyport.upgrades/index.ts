/**
 * Automatic upgrades, as people see and steer them. Under a name of ours: Microsoft keeps its rollouts to itself, and none of its
 * shapes has a place for why something waits.
 */
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { machineSettings } from './machine-settings.ts';
import { rolloutSettings } from './rollout-settings.ts';
import { rollouts } from './rollouts.ts';

/** The rows of the registry. */
export function upgrades(services: Services): readonly ResourceType[] {
  return [rolloutSettings(services), machineSettings(services), ...rollouts(services)];
}
