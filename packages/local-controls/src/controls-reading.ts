/** The local controls as they were found on the machine. */
import type { LocalControls } from './local-controls.ts';

/**
 * `unreadable` is never "no lists": nothing may be installed, updated or upgraded until the administrator has repaired it.
 * `file` is the path it was, or should have been, read from.
 */
export type ControlsReading =
  | {
      readonly kind: 'in-force';
      /** What the administrator has set; `inForce` gives what applies. */
      readonly controls: LocalControls;
      readonly file: string;
      /** Counts the changes; 0 on a freshly installed machine. */
      readonly generation: number;
    }
  | {
      readonly kind: 'unreadable';
      readonly file: string;
      readonly reason: string;
      /** It is not the controls that are wrong: whoever asks may not read them, and cannot say what is in force. */
      readonly closed?: true;
    };
