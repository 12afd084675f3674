/** Refusals of the token service, in OAuth's words and with the `AADSTS` sentence that clients print. */
import { CodedError } from '@sallyport/model';

/** OAuth error codes, each with its status and the number clients show. */
export const tokenErrors = {
  invalid_request: { status: 400, number: 900144 },
  unsupported_grant_type: { status: 400, number: 70003 },
  invalid_scope: { status: 400, number: 500011 },
  invalid_client: { status: 401, number: 7000215 },
  unauthorized_client: { status: 401, number: 700016 },
  /** Ours: the machine is known, and gets nothing until somebody acts. */
  MachineQuarantined: { status: 403, number: 7000112 },
  MachineKeyExpired: { status: 401, number: 7000222 },
  invalid_tenant: { status: 400, number: 90002 },
} as const;

export type TokenErrorCode = keyof typeof tokenErrors;

export class TokenError extends CodedError<TokenErrorCode> {
  override readonly name = 'TokenError';
}
