/** Reading what a server says in JSON, and in nothing else: a captive portal answers with HTML (T78). */
import { CodedError, parseJson } from '@sallyport/model';
import type * as z from 'zod/mini';
import type { HttpAnswer } from './http-client.ts';

/** An answer that is not the one that was asked for. `status` is HTTP's; `code` what the server called it, or `Unexpected`. */
export class ServerRefusal extends CodedError {
  override readonly name = 'ServerRefusal';
  readonly status: number;
  /** When the server says to come again, if it does. */
  readonly retryAfterSeconds: number | undefined;
  constructor(status: number, code: string, message: string, retryAfterSeconds?: number) {
    super(code, message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The body of a 2xx answer as a checked value. Throws {@link ServerRefusal} for every other answer. */
export function jsonOf<T>(answer: HttpAnswer, schema: z.ZodMiniType<T>, what: string): T {
  return parseJson(schema, jsonTextOf(answer, what), what);
}

/** The body of a 2xx answer that says it is JSON. Throws {@link ServerRefusal} for every other answer. */
export function jsonTextOf(answer: HttpAnswer, what: string): string {
  if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, what);
  if (!isJson(answer)) {
    throw new ServerRefusal(
      answer.status,
      'Unexpected',
      `${what}: the answer is not JSON but '${contentType(answer)}'.`,
    );
  }
  return answer.body.toString('utf8');
}

/** The refusal that an answer means, in ARM's or OAuth's words where it uses them. */
export function refusalOf(answer: HttpAnswer, what: string): ServerRefusal {
  const { code, message } = isJson(answer) ? errorIn(answer.body.toString('utf8')) : {};
  const said = message === undefined ? '' : ` ${printable(message)}`;
  const retryAfter = /^[0-9]{1,6}$/.exec(answer.headers['retry-after'] ?? '')?.[0];
  return new ServerRefusal(
    answer.status,
    code ?? 'Unexpected',
    `${what}: HTTP ${answer.status}.${said}`,
    retryAfter === undefined ? undefined : Number(retryAfter),
  );
}

/** Whether it says that it is JSON. */
export function isJson(answer: HttpAnswer): boolean {
  return /^application\/(?:[a-z.+-]*\+)?json\s*(?:;|$)/i.test(contentType(answer));
}

function contentType(answer: HttpAnswer): string {
  return answer.headers['content-type'] ?? '';
}

function errorIn(text: string): { readonly code?: string; readonly message?: string } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Called JSON and is not: the status alone is told.
    return {};
  }
  if (typeof body !== 'object' || body === null) return {};
  const error = 'error' in body ? body.error : body;
  if (typeof error === 'string') {
    const description = 'error_description' in body ? body.error_description : undefined;
    return { code: error, message: typeof description === 'string' ? description : error };
  }
  if (typeof error !== 'object' || error === null) return {};
  return {
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...('message' in error && typeof error.message === 'string' ? { message: error.message } : {}),
  };
}

/** What a server says ends in terminals and logs: no control characters (T80), and not for ever. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 2000);
}
