/** What the pages share: reading a form of ours, and signing somebody in with it. */
import type { Context } from 'hono';
import type { Environment } from '../../../environment.ts';
import { readBody } from '../../../http/body.ts';
import type { Log } from '../../../http/log.ts';
import type { Store } from '../../../store/store.ts';
import type { Endpoint } from '../../endpoint.ts';
import type { Principal } from '../../principals.ts';
import { TokenError } from '../../token-error.ts';
import { signInWithPassword } from '../password-sign-in.ts';
import { formKey, isOwnForm } from './form-guard.ts';
import { messagePage, type FormState, type Refusal } from './templates.ts';

const largestForm = 64 * 1024;

export interface PageForms {
  /** What a form on a page needs; `refused` is what was wrong with the last try. */
  state(c: Context, refused?: Refusal): FormState;
  /** Answers a form that was sent from one of our pages with `handle`, and any other with a refusal (T77). */
  own(c: Context, handle: (form: URLSearchParams) => Promise<Response>): Promise<Response>;
  /** The person of `user_name` and `password`, or why there is none. */
  signIn(c: Context, form: URLSearchParams): Promise<{ readonly person: Principal } | { readonly refusal: Refusal }>;
}

/** The forms of an endpoint. */
export function pageForms(environment: Environment, store: Store, endpoint: Endpoint, log: Log): PageForms {
  return {
    state: (c, refused) => ({ ...formKey(c.req.raw, environment), refused }),
    own: async (c, handle) => {
      const body = await readBody(c.req.raw, largestForm);
      const form = body === undefined ? undefined : new URLSearchParams(body);
      if (form !== undefined && isOwnForm(c.req.raw, form, endpoint)) return handle(form);
      return messagePage(
        'This does not work',
        'This form was not sent from this page, or the page is too old. Open it again and try once more.',
        403,
      );
    },
    signIn: async (c, form) => {
      const { clientIpAddress } = c.env as { readonly clientIpAddress: string };
      const name = form.get('user_name') ?? '';
      const password = form.get('password') ?? '';
      try {
        const found = await signInWithPassword(environment, store, endpoint.tenantId, name, password, clientIpAddress);
        if (found.outcome === 'person') {
          log.info({ msg: 'person signed in', user: found.person.client_id });
          return found;
        }
        log.warn({ msg: 'sign-in refused', reason: found.outcome, clientIpAddress });
        if (found.outcome === 'wrong')
          return { refusal: { message: 'The user name or the password is not right.', status: 401 } };
        const message = `Too many tries. Wait ${waitInWords(found.seconds)} and try again.`;
        return { refusal: { message, status: 429 } };
      } catch (error) {
        if (error instanceof TokenError) return { refusal: { message: error.message, status: 429 } };
        throw error;
      }
    },
  };
}

function waitInWords(seconds: number): string {
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
