/** Whether the extension manager may run anything of extensions at all, whichever they are (S4.11). */
import { inForce, type ControlsReading } from '@sallyport/local-controls';

/** `unknown`: the controls cannot be read. Nothing is begun then, and nothing is ended. */
export type Hosting = 'on' | 'off' | 'unknown';

export function hostingOf(reading: ControlsReading): Hosting {
  if (reading.kind === 'unreadable') return 'unknown';
  return inForce(reading.controls)['extensions.enabled'] ? 'on' : 'off';
}
