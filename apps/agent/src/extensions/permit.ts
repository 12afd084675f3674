/** Asks the server's own controls, from the file as it is at this moment (S4.1): nothing that was read earlier counts. */
import { decide, type ControlsReading, type Verdict } from '@sallyport/local-controls';
import type { OperationFailureCode } from '@sallyport/model';
import type { Permission, Permit } from './plan/permission.ts';

export interface PermitOptions {
  /** The machine's name, for whoever reads the refusal elsewhere (S4.5). */
  readonly machine: string;
  readControls(): ControlsReading;
}

/** The permit of a machine. */
export function permitOf(options: PermitOptions): Permit {
  return (operation, name) => permissionOf(decide(operation, name, options.readControls()), options.machine);
}

function permissionOf(verdict: Verdict, machine: string): Permission {
  const explanation = { ...verdict, message: `${verdict.message} (machine '${machine}')` };
  return verdict.outcome === 'allow'
    ? { allowed: true, explanation }
    : { allowed: false, code: codeOf(verdict), explanation };
}

function codeOf(verdict: Verdict): OperationFailureCode {
  if (verdict.rule === 'local-controls-unreadable') return 'LocalControlsUnreadable';
  return verdict.outcome === 'cannot-run' ? 'ExtensionManagerDisabled' : 'ExtensionNotAllowed';
}
