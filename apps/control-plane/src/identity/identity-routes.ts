/** The token service over HTTP: the shapes of authority, discovery documents, keys (arm-api §4.2, §5.1). */
import type { Hono } from 'hono';
import type { Environment } from '../environment.ts';
import { readBody } from '../http/body.ts';
import type { Log } from '../http/log.ts';
import { issuerOf } from './access-token.ts';
import { authoritiesOf, besideToken, type Endpoint } from './endpoint.ts';
import type { SigningKeys } from './signing-keys.ts';
import { TokenError, tokenErrors } from './token-error.ts';
import type { TokenService } from './token-service.ts';

const largestForm = 64 * 1024;

/** Adds the routes of the token service. */
export function addIdentityRoutes(
  app: Hono,
  environment: Environment,
  tokens: TokenService,
  keys: SigningKeys,
  endpoint: Endpoint,
  log: Log,
): void {
  const keysPath = `/${endpoint.tenantId}/discovery/v2.0/keys`;

  function refuse(error: TokenError): Response {
    const { status, number } = tokenErrors[error.code];
    const trace = environment.guid();
    const body = {
      error: error.code,
      error_description: `AADSTS${number}: ${error.message} Trace ID: ${trace}`,
      error_codes: [number],
      timestamp: new Date(environment.now()).toISOString(),
      trace_id: trace,
      correlation_id: trace,
    };
    const retry = status === 503 ? { 'retry-after': '5' } : {};
    return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...retry } });
  }

  async function answerForm(
    request: Request,
    msg: string,
    answer: (form: URLSearchParams) => Promise<object>,
  ): Promise<Response> {
    let clientId = '';
    try {
      const type = request.headers.get('content-type') ?? '';
      if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) {
        throw new TokenError('invalid_request', 'The request body must be of type application/x-www-form-urlencoded.');
      }
      const body = await readBody(request, largestForm);
      if (body === undefined) throw new TokenError('invalid_request', 'The request body is too large.');
      const form = new URLSearchParams(body);
      clientId = (form.get('client_id') ?? '').slice(0, 64);
      const answered = await answer(form);
      log.info({ msg, clientId });
      return Response.json(answered, { headers: { 'cache-control': 'no-store', pragma: 'no-cache' } });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // A device that waits asks every few seconds: that is no refusal worth a line.
      if (error.code !== 'authorization_pending')
        log.warn({ msg: 'token refused', clientId, code: error.code, reason: error.message });
      return refuse(error);
    }
  }

  for (const authority of authoritiesOf(endpoint.tenantId)) {
    const { path, tokenPath } = authority;
    const deviceCodePath = besideToken(authority, 'devicecode');
    const discovery = {
      issuer: issuerOf(endpoint),
      authorization_endpoint: endpoint.url + besideToken(authority, 'authorize'),
      token_endpoint: endpoint.url + tokenPath,
      device_authorization_endpoint: endpoint.url + deviceCodePath,
      jwks_uri: endpoint.url + keysPath,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
      grant_types_supported: [
        'client_credentials',
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      scopes_supported: ['openid', 'profile', 'offline_access'],
    };
    app.get(`${path}/.well-known/openid-configuration`, (c) => c.json(discovery));
    app.post(tokenPath, (c) => answerForm(c.req.raw, 'token issued', (form) => tokens.issue(form)));
    app.post(deviceCodePath, (c) => {
      const { clientIpAddress } = c.env as { readonly clientIpAddress: string };
      return answerForm(c.req.raw, 'device waits', (form) => tokens.askForDevice(form, clientIpAddress));
    });
  }
  for (const path of [
    keysPath,
    `/${endpoint.tenantId}/discovery/keys`,
    '/common/discovery/keys',
    '/adfs/discovery/keys',
  ])
    app.get(path, async (c) => c.json({ keys: await keys.published() }));
  app.get('/common/discovery/instance', (c) => c.json(instanceDiscovery(endpoint)));
  for (const path of [
    '/:tenant/v2.0/.well-known/openid-configuration',
    '/:tenant/.well-known/openid-configuration',
    '/:tenant/oauth2/v2.0/token',
    '/:tenant/oauth2/token',
  ]) {
    app.all(path, (c) =>
      refuse(
        new TokenError(
          'invalid_tenant',
          `The tenant '${c.req.param('tenant')?.slice(0, 60) ?? ''}' is not known here.`,
        ),
      ),
    );
  }
}

/** What clients ask a public cloud for when they do not know an authority: ours is one, and has no other names. */
function instanceDiscovery(endpoint: Endpoint): object {
  const { host } = new URL(endpoint.url);
  return {
    tenant_discovery_endpoint: `${endpoint.url}/${endpoint.tenantId}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}
