/** The sign-in page for programs on a person's own machine (RFC 6749 §4.1 with PKCE, RFC 8252). */
import type { Hono } from 'hono';
import type { Environment } from '../../../environment.ts';
import type { Store } from '../../../store/store.ts';
import { issuerOf } from '../../access-token.ts';
import { authoritiesOf, besideToken, type Endpoint } from '../../endpoint.ts';
import { newAuthorizationCode } from '../authorization-codes.ts';
import { readAuthorizationRequest, redirectTo, type ReadRequest } from './authorization-request.ts';
import type { PageForms } from './page-forms.ts';
import { messagePage, signInPage } from './templates.ts';

/** Adds the page under every shape of authority. */
export function addAuthorizeRoutes(
  app: Hono,
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  forms: PageForms,
): void {
  for (const path of authoritiesOf(endpoint.tenantId).map((authority) => besideToken(authority, 'authorize'))) {
    app.get(path, (c) => {
      const read = readAuthorizationRequest(new URL(c.req.url).searchParams, endpoint);
      return read.outcome === 'request' ? signInPage(forms.state(c), read.request, path) : turnedAway(read);
    });
    app.post(path, (c) =>
      forms.own(c, async (form) => {
        const read = readAuthorizationRequest(form, endpoint);
        if (read.outcome !== 'request') return turnedAway(read);
        const { request } = read;
        const found = await forms.signIn(c, form);
        if ('refusal' in found) return signInPage(forms.state(c, found.refusal), request, path);
        const { clientId, redirectUri, codeChallenge, nonce, state } = request;
        const grant = { objectId: found.person.object_id, clientId, redirectUri, codeChallenge, nonce };
        const code = await store.observe(async (writer) => ({
          value: await newAuthorizationCode(writer, environment, grant),
          events: [],
        }));
        // RFC 9207: a program that knows several authorities can tell who answers.
        return goOn(redirectTo(redirectUri, state, { code, iss: issuerOf(endpoint) }));
      }),
    );
  }
}

function turnedAway(read: Exclude<ReadRequest, { readonly outcome: 'request' }>): Promise<Response> | Response {
  return read.outcome === 'redirect' ? goOn(read.address) : messagePage('This does not work', read.message, 400);
}

/** 303: what was posted, the password, is not sent along. */
function goOn(location: string): Response {
  const headers = { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
  return new Response(null, { status: 303, headers });
}
