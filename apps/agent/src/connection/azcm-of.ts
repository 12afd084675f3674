/** From what went wrong on the network to the documented code of `azcmagent`. */
import { messageOf } from '@sallyport/model';
import { AzcmError, type AzcmCode } from '../cli/azcm-error.ts';
import { HttpError } from './http-client.ts';
import { ServerRefusal } from './json-answer.ts';

/** The error to show for a step that failed; `otherwise` is the step's own code. Errors that have one keep theirs. */
export function azcmOf(error: unknown, otherwise: AzcmCode): AzcmError {
  if (error instanceof AzcmError) return error;
  const because = { cause: error };
  if (error instanceof HttpError) {
    return new AzcmError(
      'AZCM0026',
      error.message,
      [
        'Check the address, the proxy (azcmagent config get proxy.url), and --ca-file for a control plane with its own CA.',
      ],
      because,
    );
  }
  if (error instanceof ServerRefusal && error.status === 409) {
    const rename = 'Choose another --resource-name, or delete the resource centrally first.';
    return new AzcmError('AZCM0044', error.message, [rename], because);
  }
  return new AzcmError(otherwise, messageOf(error), [], because);
}

/** The error to show when signing in failed. */
export function signInError(error: unknown): AzcmError {
  if (error instanceof ServerRefusal) {
    return new AzcmError('AZCM0041', error.message, ['Check --tenant-id, --service-principal-id and the secret.'], {
      cause: error,
    });
  }
  return azcmOf(error, 'AZCM0041');
}
