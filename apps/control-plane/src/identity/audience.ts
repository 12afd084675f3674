/** Who a token may be for: ARM, for whoever holds roles; the agent API, for machines. Never both (T77). */

/** The audience of machine tokens. */
export const agentAudience = 'api://sallyport-agent';

/** Names of ARM that stock clients ask for, beside the endpoint's own. */
const wellKnown = ['https://management.azure.com', 'https://management.core.windows.net'] as const;

export type Audience =
  | { readonly kind: 'arm'; readonly value: string }
  | { readonly kind: 'agent'; readonly value: string };

/** `https://aud//.default`, `https://aud/.default` and `https://aud/` name the same audience (arm-api §4.2). */
function bare(text: string): string {
  return text
    .replace(/\/\.default$/, '')
    .replace(/\/+$/, '')
    .toLowerCase();
}

/** The audience that a requested scope or resource names, or undefined when tokens for it are not issued here. */
export function audienceOf(requested: string, origins: readonly string[]): Audience | undefined {
  const name = bare(requested);
  if (name === agentAudience) return { kind: 'agent', value: agentAudience };
  if ([...wellKnown, ...origins].some((known) => bare(known) === name)) {
    return { kind: 'arm', value: requested.replace(/\/\.default$/, '') };
  }
  return undefined;
}

/** Scopes of OpenID Connect: they name no resource. */
const plainScopes = ['openid', 'profile', 'email', 'offline_access'];

/** The resource that a form asks a token for: `scope` (version 2), else `resource` (version 1). */
export function requestedResource(form: URLSearchParams): string | undefined {
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '' && !plainScopes.includes(scope));
  const [scope] = scopes;
  // What a person may do for themselves is one scope; it names the same resource as `.default`.
  return scope?.replace(/\/user_impersonation$/, '/.default') ?? form.get('resource') ?? undefined;
}
