/** Reading what is in force for a command; controls that cannot be trusted are an error here, never "no lists". */
import { inForce, type ControlsReading, type LocalControls } from '@sallyport/local-controls';
import { readControls } from '../../../config/read-controls.ts';
import type { Environment } from '../../../platform/environment.ts';
import { AzcmError } from '../../azcm-error.ts';

export interface ControlsInForce {
  /** What the administrator has set. */
  readonly own: LocalControls;
  /** What applies: the same, or what monitor mode lays over it. */
  readonly applied: LocalControls;
}

/**
 * The controls for a command that answers also when they are unreadable. Throws AZCM0018 when it is only this user who may not
 * read them: what is in force is not known then, and any answer might be false.
 */
export function readControlsOrThrow(environment: Environment): ControlsReading {
  const reading = readControls(environment);
  if (reading.kind === 'in-force' || reading.closed === undefined) return reading;
  throw new AzcmError('AZCM0018', `What is in force on this machine cannot be told: ${reading.reason}`, [
    'Run the command as root, or let everyone read that file again.',
  ]);
}

/** Throws AZCM0001 when the controls are unreadable, AZCM0018 when this user may not read them. */
export function controlsInForce(environment: Environment): ControlsInForce {
  const reading = readControlsOrThrow(environment);
  if (reading.kind === 'unreadable') throw unreadableError(reading);
  return { own: reading.controls, applied: inForce(reading.controls) };
}

/** The error that says what unreadable controls mean and how to repair them. */
export function unreadableError(reading: Extract<ControlsReading, { kind: 'unreadable' }>): AzcmError {
  return new AzcmError('AZCM0001', `The local controls cannot be trusted: ${reading.reason}`, [
    'Until this is repaired nothing can be installed, updated or upgraded on this machine; deleting still works.',
  ]);
}
