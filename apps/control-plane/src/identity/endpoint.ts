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

/** The two shapes of authority that clients know (arm-api §5.1), each with its token path. */
export function authoritiesOf(tenantId: string): readonly { readonly path: string; readonly tokenPath: string }[] {
  return [
    { path: `/${tenantId}/v2.0`, tokenPath: `/${tenantId}/oauth2/v2.0/token` },
    { path: '/adfs', tokenPath: '/adfs/oauth2/token' },
  ];
}

/** Every spelling of the token endpoint that a client assertion may name as its audience. */
export function tokenEndpoints(endpoint: Endpoint): readonly string[] {
  return authoritiesOf(endpoint.tenantId).flatMap(({ tokenPath }) =>
    endpoint.origins.map((origin) => origin + tokenPath),
  );
}
