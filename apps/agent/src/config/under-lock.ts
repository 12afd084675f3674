/** Holds the configuration still while it is read, changed and written. */
import { dirname } from 'node:path';
import type { ControlsReading } from '@sallyport/local-controls';
import { CodedError } from '@sallyport/model';
import type { Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { makeDirectory, sweep } from './configuration-directory.ts';
import { withConfigurationLock } from './configuration-lock.ts';
import { readControls } from './read-controls.ts';
import { distrustOfDirectories } from './trusted-path.ts';

/** Long enough for any other change; short enough that nobody wonders. */
const lockWaitMilliseconds = 10_000;

/**
 * Reads the controls under the lock and hands them to `act`. Throws `ConfigurationUntrusted` where others may write to the
 * directory: nothing written there would stay ours. Throws `ConfigurationBusy` when the lock cannot be had.
 */
export function underConfigurationLock<T>(environment: Environment, act: (reading: ControlsReading) => T): T {
  const { localConfig, localSecrets } = agentPaths(environment.root);
  const distrust = distrustOfDirectories(environment, localConfig);
  if (distrust !== undefined) throw new CodedError('ConfigurationUntrusted', `${distrust}.`);
  makeDirectory(environment, dirname(localConfig));
  return withConfigurationLock(`${localConfig}.lock`, lockWaitMilliseconds, () => {
    sweep(localConfig);
    sweep(localSecrets);
    return act(readControls(environment));
  });
}
