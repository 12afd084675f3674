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
  invalid_grant: { status: 400, number: 70008 },
  authorization_pending: { status: 400, number: 70016 },
  slow_down: { status: 400, number: 70016 },
  authorization_declined: { status: 400, number: 70018 },
  expired_token: { status: 400, number: 70019 },
  unsupported_response_type: { status: 400, number: 700052 },
  login_required: { status: 400, number: 50058 },
  access_denied: { status: 400, number: 65004 },
  temporarily_unavailable: { status: 503, number: 90033 },
  invalid_tenant: { status: 400, number: 90002 },
} as const;

export type TokenErrorCode = keyof typeof tokenErrors;

export class TokenError extends CodedError<TokenErrorCode> {
  override readonly name = 'TokenError';
}
