/** Signing in by an identity provider that knows the person: away from the sign-in or the device page, and back (OpenID Connect). */
import type { Context, Hono } from 'hono';
import { messageOf } from '@sallyport/model';
import { errors } from 'jose';
import { requestEvents } from '../../../activity-log/events-of.ts';
import { ownOrigin } from '../../../activity-log/own-origin.ts';
import type { Environment } from '../../../environment.ts';
import type { Log } from '../../../http/log.ts';
import type { Store } from '../../../store/store.ts';
import { principalOfIdentity } from '../../credentials/federated-credentials.ts';
import type { Endpoint } from '../../endpoint.ts';
import type { Principal } from '../../principals.ts';
import { ProviderUnavailable, type IdentityProviders } from '../../providers/identity-providers.ts';
import type { SignInProvider } from '../../providers/identity-provider.ts';
import { newVisit, visitAddress, visitCookie, visitOf, type Visit } from '../provider-sign-in.ts';
import { formField, isOwnForm } from './form-guard.ts';
import { goOn } from './grant-code.ts';
import { providerAnswerPath, providerPath } from './paths.ts';
import { fulfil, readPurpose } from './sign-in-purpose.ts';
import { messagePage } from './templates.ts';

const title = 'Signing in did not work';

/** Adds both ways. */
export function addProviderRoutes(
  app: Hono,
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  providers: IdentityProviders,
  log: Log,
): void {
  const redirectUri = `${endpoint.url}${providerAnswerPath}`;

  app.get(providerPath, async (c) => {
    const parameters = new URL(c.req.url).searchParams;
    // The link is on our page, where the person was told who asks: nobody else's link leads there (T77).
    if (!isOwnForm(c.req.raw, parameters, endpoint))
      return messagePage(title, 'This link is not from the sign-in page, or the page is too old. Begin again.', 403);
    const read = await readPurpose(environment, store, endpoint, parameters);
    if ('answer' in read) return read.answer;
    const provider = providers.forSignIn().find(({ issuer }) => issuer === parameters.get('issuer'));
    if (provider === undefined) return messagePage(title, 'There is no such way to sign in.', 400);
    parameters.delete(formField);
    parameters.delete('issuer');
    const visit = newVisit(environment, provider.issuer, parameters);
    const cookie = visitCookie(visit);
    if (cookie === undefined) return messagePage(title, 'The program asks for more than a browser can keep.', 400);
    return refusing(provider, async () => {
      const { authorizationEndpoint } = await providers.signInEndpoints(provider);
      const { clientId } = provider.signIn;
      return goOn(visitAddress(visit, { authorizationEndpoint, clientId, redirectUri }), cookie);
    });
  });

  app.get(providerAnswerPath, async (c) => {
    const answer = new URL(c.req.url).searchParams;
    const visit = visitOf(c.req.raw, answer.get('state') ?? '');
    const provider = providers.forSignIn().find(({ issuer }) => issuer === visit?.issuer);
    if (visit === undefined || provider === undefined)
      return messagePage(
        title,
        'This answer belongs to no sign-in of this browser, or it came too late. Begin again.',
        400,
      );
    // RFC 9207: an answer of another provider than the one that was asked.
    if ((answer.get('iss') ?? provider.issuer) !== provider.issuer)
      return messagePage(title, 'The answer is from another identity provider than the one that was asked.', 400);
    const code = answer.get('code');
    if (code === null)
      return messagePage(
        title,
        `${provider.signIn.name} did not sign you in (${(answer.get('error') ?? 'no code').slice(0, 60)}).`,
        400,
      );
    return refusing(provider, () => finish(c, provider, visit, code));
  });

  async function finish(c: Context, provider: SignInProvider, visit: Visit, code: string): Promise<Response> {
    const { nonce, verifier } = visit;
    const identity = await providers.redeem(provider, { code, verifier, nonce, redirectUri });
    const person = await principalOfIdentity(store.read, identity.issuer, identity.subject);
    if (person?.kind !== 'User') {
      log.warn({ msg: 'sign-in refused', reason: 'unknown identity', issuer: identity.issuer });
      const message = `${provider.signIn.name} knows you, and nobody here is registered as '${identity.subject.slice(0, 200)}' of it. Ask whoever runs this control plane.`;
      return messagePage(title, message, 403);
    }
    const read = await readPurpose(environment, store, endpoint, new URLSearchParams(visit.request));
    if ('answer' in read) return read.answer;
    await recordSignIn(c, person);
    log.info({ msg: 'person signed in', user: person.client_id, issuer: identity.issuer });
    return fulfil(environment, store, endpoint, read.purpose, person);
  }

  async function recordSignIn(c: Context, person: Principal): Promise<void> {
    const { clientIpAddress } = c.env as { readonly clientIpAddress: string };
    const resourceId = `/providers/Sallyport.Identity/users/${person.client_id}`;
    const origin = {
      ...ownOrigin(environment, endpoint.tenantId, '', resourceId, 'Sallyport.Identity/users/signIn/action'),
      caller: person.client_id,
      clientIpAddress,
    };
    const events = requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
    await store.change(() => Promise.resolve({ value: undefined, events }));
  }

  async function refusing(provider: SignInProvider, work: () => Promise<Response>): Promise<Response> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProviderUnavailable) && !(error instanceof errors.JOSEError)) throw error;
      log.warn({ msg: 'sign-in refused', reason: messageOf(error), issuer: provider.issuer });
      return messagePage(
        title,
        `What ${provider.signIn.name} answered cannot be taken. Try again; the log of the control plane says why.`,
        400,
      );
    }
  }
}
