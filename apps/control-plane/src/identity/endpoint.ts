/** The addresses of the control plane: the one that it hands out, and the ones that mean the same server. */

export interface Endpoint {
  /** `https://host:port` without a trailing slash: the start of every link that is handed out. */
  readonly url: string;
  /** Origins that this server answers under: the endpoint and its loopback names. */
  readonly origins: readonly string[];
  readonly tenantId: string;
}

/** The endpoint of a server on `port`, known as `url`. */
export function endpointOf(url: string, port: number, tenantId: string): Endpoint {
  const loopback = ['localhost', '127.0.0.1', '[::1]'].map((host) => `https://${host}:${port}`);
  return { url, origins: [...new Set([url, ...loopback])], tenantId };
}

/** A shape of authority that clients know (arm-api §5.1), with the paths of what they ask there. */
export interface Authority {
  /** Discovery is found under it. */
  readonly path: string;
  /** The token endpoint; authorize and devicecode are beside it. */
  readonly tokenPath: string;
}

/** Names that mean "whatever tenant there is": there is one. */
export const tenantAliases = ['common', 'organizations'] as const;

/** The shapes: ADFS, version 2, version 1 (`resource` instead of `scope`). */
export function authoritiesOf(tenantId: string): readonly Authority[] {
  return [
    { path: '/adfs', tokenPath: '/adfs/oauth2/token' },
    ...[tenantId, ...tenantAliases].flatMap((tenant) => [
      { path: `/${tenant}/v2.0`, tokenPath: `/${tenant}/oauth2/v2.0/token` },
      { path: `/${tenant}`, tokenPath: `/${tenant}/oauth2/token` },
    ]),
  ];
}

/** The path of an endpoint beside a token endpoint. */
export function besideToken({ tokenPath }: Authority, name: 'authorize' | 'devicecode'): string {
  return tokenPath.replace(/token$/, name);
}

/** What a client assertion may name as its audience: every spelling of the token endpoint, or the issuer. */
export function assertionAudiences(endpoint: Endpoint): readonly string[] {
  return endpoint.origins.flatMap((origin) => [
    `${origin}/${endpoint.tenantId}/v2.0`,
    ...authoritiesOf(endpoint.tenantId).map(({ tokenPath }) => origin + tokenPath),
  ]);
}
