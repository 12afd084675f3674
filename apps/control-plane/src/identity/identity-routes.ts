/** The token service over HTTP: both authority shapes, discovery documents, keys (arm-api §4.2, §5.1). */
import type { Hono } from 'hono';
import type { Environment } from '../environment.ts';
import { readBody } from '../http/body.ts';
import type { Log } from '../http/log.ts';
import { issuerOf } from './access-token.ts';
import { authoritiesOf, type Endpoint } from './endpoint.ts';
import type { SigningKey } from './signing-key.ts';
import { TokenError, tokenErrors } from './token-error.ts';
import type { TokenService } from './token-service.ts';

const largestForm = 64 * 1024;

/** Adds the routes of the token service. */
export function addIdentityRoutes(
  app: Hono,
  environment: Environment,
  tokens: TokenService,
  key: SigningKey,
  endpoint: Endpoint,
  log: Log,
): void {
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
    return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
  }

  async function answerForm(request: Request): Promise<Response> {
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
      const answer = await tokens.issue(form);
      log.info({ msg: 'token issued', clientId });
      return Response.json(answer, { headers: { 'cache-control': 'no-store', pragma: 'no-cache' } });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      log.warn({ msg: 'token refused', clientId, code: error.code, reason: error.message });
      return refuse(error);
    }
  }

  for (const { path, tokenPath } of authoritiesOf(endpoint.tenantId)) {
    const discovery = {
      issuer: issuerOf(endpoint),
      authorization_endpoint: `${endpoint.url}${tokenPath.replace(/token$/, 'authorize')}`,
      token_endpoint: `${endpoint.url}${tokenPath}`,
      device_authorization_endpoint: `${endpoint.url}${tokenPath.replace(/token$/, 'devicecode')}`,
      jwks_uri: `${endpoint.url}/${endpoint.tenantId}/discovery/v2.0/keys`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256'],
      grant_types_supported: ['client_credentials'],
      response_types_supported: ['token'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['ES256'],
      scopes_supported: ['openid'],
    };
    app.get(`${path}/.well-known/openid-configuration`, (c) => c.json(discovery));
    app.post(tokenPath, (c) => answerForm(c.req.raw));
  }
  app.get(`/${endpoint.tenantId}/discovery/v2.0/keys`, (c) => c.json({ keys: [key.publicJwk] }));
  for (const path of ['/:tenant/v2.0/.well-known/openid-configuration', '/:tenant/oauth2/v2.0/token']) {
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
