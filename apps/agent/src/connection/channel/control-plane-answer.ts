/** Which answers are the control plane's own, and which may be of anybody in between: gateways, captive portals (T78). Pure. */
import type { HttpAnswer } from '../http-client.ts';
import { isJson, refusalOf } from '../json-answer.ts';

/** The codes with which it refuses a machine. Anybody can answer 404. */
const refusals: ReadonlySet<string> = new Set([
  'InvalidAuthenticationToken',
  'AuthorizationFailed',
  'MachineNotFound',
  'MachineQuarantined',
  'MachineKeyExpired',
  'TooManyRequests',
  'ServiceUnavailable',
  'InternalServerError',
]);

/** Whether the control plane refuses the machine itself, whatever it asks. */
export function isRefusal(answer: HttpAnswer): boolean {
  return refusals.has(refusalOf(answer, '').code);
}

/** Whether a plain request to the agent API was answered by it. */
export function isFromAgentApi(answer: HttpAnswer): boolean {
  const { status, body } = answer;
  const isFine = status >= 200 && status <= 299 && (isJson(answer) || body.length === 0);
  return isFine || isRefusal(answer);
}
