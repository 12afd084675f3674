/**
 * Identity providers whose tokens are taken: a file that the control plane's administrator writes, and nobody over the API. So
 * what is fetched from where is decided here, and no credential that somebody registers makes the control plane ask elsewhere (T24).
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';

const https = z.string().check(z.regex(/^https:\/\/[^\s?#]+$/, 'is not an https address without query'));

const fileSchema = z.strictObject({
  identityProviders: z.array(
    z.strictObject({
      /** `iss` of its tokens, exactly; `/.well-known/openid-configuration` is found under it. */
      issuer: https,
      /** PEM file of the CA that its addresses are certified by, when the system's do not do. */
      caFile: z.optional(z.string().check(z.minLength(1))),
      /** `aud` of its tokens for this control plane. Without one they can be exchanged only, not used directly. */
      audience: z.optional(z.string().check(z.minLength(1))),
      /** The claim that names the identity. */
      subjectClaim: z._default(z.string().check(z.minLength(1)), 'sub'),
      /** People may sign in there in their browser: as which client of it, and what the page calls it. */
      signIn: z.optional(
        z.strictObject({
          name: z.string().check(z.minLength(1), z.maxLength(60), z.regex(/^[^\u0000-\u001f\u007f]+$/)),
          clientId: z.string().check(z.minLength(1), z.maxLength(200)),
          /** Without one it is a public client: PKCE is used either way. */
          clientSecretFile: z.optional(z.string().check(z.minLength(1))),
        }),
      ),
    }),
  ),
});

export interface IdentityProvider {
  readonly issuer: string;
  readonly caPem: string | undefined;
  readonly audience: string | undefined;
  readonly subjectClaim: string;
  readonly signIn: SignIn | undefined;
}

/** How people sign in at a provider. */
export interface SignIn {
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

export type SignInProvider = IdentityProvider & { readonly signIn: SignIn };

/** Reads the file. Throws an error with a sentence that names it. */
export function readIdentityProviders(path: string): readonly IdentityProvider[] {
  const { identityProviders } = parseJson(fileSchema, readText(path), `The identity providers in '${path}'`);
  const issuers = new Set<string>();
  return identityProviders.map(({ caFile, audience, signIn, ...provider }) => {
    if (issuers.has(provider.issuer)) throw new Error(`The issuer '${provider.issuer}' is in '${path}' twice.`);
    issuers.add(provider.issuer);
    return {
      ...provider,
      audience,
      caPem: caFile === undefined ? undefined : readText(resolve(dirname(path), caFile)),
      signIn: signIn === undefined ? undefined : readSignIn(signIn, path),
    };
  });
}

function readSignIn(
  { name, clientId, clientSecretFile }: { name: string; clientId: string; clientSecretFile?: string | undefined },
  path: string,
): SignIn {
  if (clientSecretFile === undefined) return { name, clientId, clientSecret: undefined };
  const clientSecret = readText(resolve(dirname(path), clientSecretFile)).trim();
  if (clientSecret === '') throw new Error(`'${clientSecretFile}', named in '${path}', is empty.`);
  return { name, clientId, clientSecret };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`'${path}' cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}
