/** Who a client of the token endpoint is: by its secret, by an assertion of its own key, or by a token of an identity provider. */
import { decodeJwt, decodeProtectedHeader, errors, type ProtectedHeaderParameters } from 'jose';
import type { Environment } from '../../environment.ts';
import type { Store } from '../../store/store.ts';
import { claimedIssuer } from '../claimed-issuer.ts';
import { assertionAudiences, type Endpoint } from '../endpoint.ts';
import { principalOfClient, useAssertion, type Principal } from '../principals.ts';
import type { IdentityProvider } from '../providers/identity-provider.ts';
import { ProviderUnavailable, type IdentityProviders } from '../providers/identity-providers.ts';
import { requiredParameter } from '../required-parameter.ts';
import { TokenError } from '../token-error.ts';
import { readCertificate } from './certificate.ts';
import { verifyAssertion, type AssertionKey } from './client-assertion.ts';
import { credentialOfIdentity } from './federated-credentials.ts';
import { machineSignIn } from './machine-sign-in.ts';
import { secretMatches } from './secret-hash.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The principal of a form, proven. Throws {@link TokenError}. */
export type ClientAuthentication = (form: URLSearchParams) => Promise<Principal>;

/** Client authentication for an endpoint. */
export function createClientAuthentication(
  environment: Environment,
  store: Store,
  providers: IdentityProviders,
  endpoint: Endpoint,
): ClientAuthentication {
  async function bySecret(form: URLSearchParams): Promise<Principal> {
    const clientId = requiredParameter(form, 'client_id');
    const secret = requiredParameter(form, 'client_secret');
    const found = await principalOfClient(store.read, clientId);
    // A person's password is no client secret: it would get round the lock of the sign-in page.
    const principal = found?.kind === 'ServicePrincipal' ? found : undefined;
    if (!(await secretMatches(secret, principal?.secret_hash ?? undefined)) || principal === undefined)
      throw new TokenError('invalid_client', 'The client id is unknown, or the client secret is not its secret.');
    return principal;
  }

  async function byAssertion(form: URLSearchParams, assertion: string): Promise<Principal> {
    if (form.get('client_assertion_type') !== assertionType)
      throw new TokenError('invalid_request', `The client_assertion_type must be '${assertionType}'.`);
    const issuer = claimedIssuer(assertion) ?? '';
    const clientId = (form.get('client_id') ?? issuer).toLowerCase();
    const provider = providers.find(issuer);
    if (provider !== undefined) return byProvider(provider, assertion, clientId);
    const principal = await principalOfClient(store.read, clientId);
    if (principal?.kind === 'Machine') {
      await machineSignIn(environment, store, endpoint, principal, assertion);
      return principal;
    }
    const key = principal === undefined ? undefined : await certificateOf(principal, assertion);
    if (principal === undefined || key === undefined)
      throw new TokenError(
        'invalid_client',
        'The client assertion is not from a machine that is known here, nor signed with a certificate of the client that its header names (x5t, x5t#S256).',
      );
    const now = environment.now();
    const { client_id } = principal;
    const { jti, expiresAt } = await verifyAssertion(assertion, client_id, key, assertionAudiences(endpoint), now);
    const fresh = await store.observe(async (writer) => ({
      value: await useAssertion(writer, client_id, jti, expiresAt, now),
      events: [],
    }));
    if (!fresh) throw new TokenError('invalid_client', 'The client assertion was used before. Each is accepted once.');
    return principal;
  }

  async function certificateOf(principal: Principal, assertion: string): Promise<AssertionKey | undefined> {
    const header = headerOf(assertion);
    if (principal.kind !== 'ServicePrincipal' || header === undefined) return undefined;
    const rows = await store.read
      .selectFrom('certificate_credentials')
      .select('certificate')
      .where('client_id', '=', principal.client_id)
      .execute();
    // Nothing but a certificate that was registered for this client is looked at, whatever jku, x5u, x5c or jwk the header has.
    const named = rows.map(({ certificate }) => readCertificate(certificate)).find((one) => one.isNamedBy(header));
    const now = environment.now();
    if (named !== undefined && (now < named.notBefore || now > named.notAfter))
      throw new TokenError(
        'invalid_client',
        `The certificate '${named.sha256}' is valid from ${new Date(named.notBefore).toISOString()} to ${new Date(named.notAfter).toISOString()}. Register another.`,
      );
    return named;
  }

  async function byProvider(provider: IdentityProvider, assertion: string, clientId: string): Promise<Principal> {
    const unknown = (): TokenError =>
      new TokenError(
        'invalid_client',
        `The token of '${provider.issuer}' is not of an identity that is registered as a credential of the client '${clientId.slice(0, 60)}'.`,
      );
    // Whose it is says what it must be for; all of it is checked before anything is given.
    const claimed = claimedSubject(assertion, provider.subjectClaim);
    const credential = await credentialOfIdentity(store.read, provider.issuer, claimed);
    if (credential?.client_id !== clientId) throw unknown();
    try {
      const { subject } = await providers.verify(provider, assertion, credential.audience);
      if (subject !== credential.subject) throw unknown();
    } catch (error) {
      if (error instanceof TokenError) throw error;
      if (error instanceof ProviderUnavailable)
        throw new TokenError('temporarily_unavailable', error.message, { cause: error });
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new TokenError(
        'invalid_client',
        `The token of '${provider.issuer}' is not valid for '${credential.audience}' (${error.code}).`,
        { cause: error },
      );
    }
    const principal = await principalOfClient(store.read, clientId);
    if (principal?.kind !== 'ServicePrincipal') throw unknown();
    return principal;
  }

  return (form) => {
    const assertion = form.get('client_assertion');
    return assertion === null ? bySecret(form) : byAssertion(form, assertion);
  };
}

/** Read before it is proven, by somebody who has found out that it is a JWT of the provider. */
function claimedSubject(assertion: string, claim: string): string {
  const subject = decodeJwt(assertion)[claim];
  return typeof subject === 'string' ? subject : '';
}

function headerOf(assertion: string): ProtectedHeaderParameters | undefined {
  try {
    return decodeProtectedHeader(assertion);
  } catch {
    // Not a JWT; the caller says so.
    return undefined;
  }
}
