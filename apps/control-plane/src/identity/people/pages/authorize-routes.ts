/** The sign-in page for programs on a person's own machine (RFC 6749 §4.1 with PKCE, RFC 8252). */
import type { Hono } from 'hono';
import type { Environment } from '../../../environment.ts';
import type { Store } from '../../../store/store.ts';
import { authoritiesOf, besideToken, type Endpoint } from '../../endpoint.ts';
import type { IdentityProviders } from '../../providers/identity-providers.ts';
import { readAuthorizationRequest } from './authorization-request.ts';
import { goOn, grantCode, turnedAway } from './grant-code.ts';
import type { PageForms } from './page-forms.ts';
import { signInPage } from './templates.ts';

/** Adds the page under every shape of authority. */
export function addAuthorizeRoutes(
  app: Hono,
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  providers: IdentityProviders,
  forms: PageForms,
): void {
  const elsewhere = providers.forSignIn();
  for (const path of authoritiesOf(endpoint.tenantId).map((authority) => besideToken(authority, 'authorize'))) {
    app.get(path, (c) => {
      const read = readAuthorizationRequest(new URL(c.req.url).searchParams, endpoint);
      return read.outcome === 'request' ? signInPage(forms.state(c), read.request, path, elsewhere) : turnedAway(read);
    });
    app.post(path, (c) =>
      forms.own(c, async (form) => {
        const read = readAuthorizationRequest(form, endpoint);
        if (read.outcome !== 'request') return turnedAway(read);
        const { request } = read;
        const found = await forms.signIn(c, form);
        if ('refusal' in found) return signInPage(forms.state(c, found.refusal), request, path, elsewhere);
        return goOn(await grantCode(environment, store, endpoint, found.person, request));
      }),
    );
  }
}
