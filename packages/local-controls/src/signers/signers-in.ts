import type { ControlsReading } from '../controls-reading.ts';
import { inForce } from '../in-force.ts';
import type { RequiredSigners } from './signers.ts';

/**
 * Who has to sign on this machine; undefined when nobody does. Nor when the controls cannot be read: then nothing but removals is
 * permitted anyway (S4.7), and who would have to sign those is not known.
 */
export function signersIn(reading: ControlsReading): RequiredSigners | undefined {
  const signers = reading.kind === 'in-force' ? inForce(reading.controls)['extensions.signers'] : 'off';
  return signers === 'off' ? undefined : signers;
}
