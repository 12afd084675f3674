/** Errors of `azcmagent`: a documented code whose number is the exit code, a sentence, and what to do (arc-agent §1.4). */
import { CodedError, messageOf } from '@sallyport/model';

/** The codes in use, with their meaning. The exit code is the number. */
export const azcmCodes = {
  AZCM0001: 'An unknown error',
  AZCM0011: 'Canceled by the user (Ctrl+C)',
  AZCM0012: 'The access token is invalid',
  AZCM0016: 'A mandatory parameter is missing',
  AZCM0018: 'Not run as administrator (root)',
  AZCM0019: 'The path of the configuration file is wrong',
  AZCM0023: 'The value of a parameter is invalid',
  AZCM0026: 'Network configuration error, or a service that is needed cannot be reached',
  AZCM0041: 'The credentials are invalid',
  AZCM0042: 'Creating the machine resource failed',
  AZCM0043: 'Deleting the machine resource failed',
  AZCM0044: 'A resource of that name exists',
  AZCM0061: 'The agent service does not answer',
  AZCM0062: 'An error while connecting',
  AZCM0063: 'An error while disconnecting',
  AZCM0067: 'The machine is already connected',
  AZCM0090: 'The agent of this machine is running and has to be stopped first',
  AZCM0101: 'The command was not understood',
  AZCM0102: 'The host name could not be found out',
  AZCM0103: 'The key pair could not be made',
} as const;

export type AzcmCode = keyof typeof azcmCodes;

/** A failure of a command. `recommendedActions` are sentences that say what to do, best first. */
export class AzcmError extends CodedError<AzcmCode> {
  override readonly name = 'AzcmError';
  readonly recommendedActions: readonly string[];
  constructor(code: AzcmCode, message: string, recommendedActions: readonly string[] = [], options?: ErrorOptions) {
    super(code, message, options);
    this.recommendedActions = recommendedActions;
  }
}

/** The process exit code of a code: its number, within 0–125. */
export function exitCodeOf(code: AzcmCode): number {
  return Number(code.slice(4));
}

/** Whatever was thrown, as one of these; `signal` says whether the user called it off. */
export function azcmErrorOf(thrown: unknown, signal: AbortSignal): AzcmError {
  if (thrown instanceof AzcmError) return thrown;
  if (signal.aborted) return new AzcmError('AZCM0011', 'Canceled (Ctrl+C).', [], { cause: thrown });
  // Foreseen, and said by whoever knows: the message holds what to do.
  if (thrown instanceof CodedError) return new AzcmError('AZCM0001', thrown.message, [], { cause: thrown });
  const hint = 'This was not foreseen. Run the command again with --verbose to see where it happened.';
  return new AzcmError('AZCM0001', messageOf(thrown), [hint], { cause: thrown });
}
