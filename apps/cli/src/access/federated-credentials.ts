/** Flags and body of a federated credential: who of an identity provider is whom here. */
const text = (brief: string, placeholder: string) => ({ kind: 'parsed', parse: String, brief, placeholder }) as const;

export const identityFlags = {
  issuer: text('The identity provider, as it names itself; one that the control plane is configured with', 'URL'),
  subject: text('Whom it names', 'SUBJECT'),
} as const;

export interface IdentityFlags {
  readonly issuer: string;
  readonly subject: string;
}
