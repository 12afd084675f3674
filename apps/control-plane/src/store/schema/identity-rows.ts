/** Who can sign in, with what, and the sessions of people. */

/** Who can get a token: a service principal by its credentials, a machine by its key, a person by name and password. */
export interface PrincipalRow {
  readonly object_id: string;
  /** What it signs in as, lower case: a GUID, for people their user name, which is no GUID. */
  readonly client_id: string;
  readonly kind: 'ServicePrincipal' | 'Machine' | 'User';
  readonly display_name: string;
  /** scrypt: the secret of a service principal, the password of a person; null for who has none. */
  readonly secret_hash: string | null;
  /** Base64 of the PKCS#1 DER, for machines. */
  readonly public_key: string | null;
  /** The machine that the principal is, for machines. */
  readonly vm_id: string | null;
  readonly created_at: number;
}

/** Client assertions that were used, until they expire: none is accepted twice. */
export interface UsedAssertionRow {
  readonly client_id: string;
  readonly jti: string;
  readonly expires_at: number;
}

/** The public half of a key that some control plane signs tokens with, or did; private halves never leave its state directory. */
export interface SigningKeyRow {
  readonly key_id: string;
  readonly public_jwk: string;
  readonly created_at: number;
  /** Set when another took its place; what it signed before stays good until it expires. */
  readonly retired_at: number | null;
}

/** A certificate whose holder is a service principal. */
export interface CertificateCredentialRow {
  readonly credential_id: string;
  readonly client_id: string;
  /** Base64 of the DER. */
  readonly certificate: string;
  /** SHA-256 of the DER, hex in lower case. */
  readonly thumbprint: string;
  readonly created_at: number;
}

/** Who of an identity provider is a service principal or a person here. */
export interface FederatedCredentialRow {
  readonly credential_id: string;
  readonly client_id: string;
  readonly issuer: string;
  readonly subject: string;
  /** What an assertion that is exchanged for a token has to be for. */
  readonly audience: string;
  readonly created_at: number;
}

/** A person signed in with a client. Without its row, its tokens are nothing. */
export interface SessionRow {
  readonly session_id: string;
  readonly object_id: string;
  readonly client_id: string;
  readonly created_at: number;
  readonly expires_at: number;
}

/** Refresh tokens, used ones too: a used one that comes again is stolen. SHA-256, base64url. */
export interface RefreshTokenRow {
  readonly token_hash: string;
  readonly session_id: string;
  readonly expires_at: number;
  readonly used_at: number | null;
}

/** Codes that a browser brings back to a client, for a few minutes. */
export interface AuthorizationCodeRow {
  readonly code_hash: string;
  readonly object_id: string;
  readonly client_id: string;
  readonly redirect_uri: string;
  readonly code_challenge: string;
  readonly nonce: string;
  readonly expires_at: number;
  /** The session it was turned into; a code that comes twice ends it. */
  readonly session_id: string | null;
}

/** Devices that wait for a person to sign in elsewhere. */
export interface DeviceCodeRow {
  readonly code_hash: string;
  /** What people type, without the dash. */
  readonly user_code: string;
  readonly client_id: string;
  /** The address the device asked from, shown to whoever approves. */
  readonly asked_from: string;
  readonly answer: 'pending' | 'approved' | 'denied';
  readonly object_id: string | null;
  readonly polled_at: number;
  readonly expires_at: number;
}

/** Failed sign-ins by name, of names that nobody has too. */
export interface SignInFailureRow {
  readonly name_key: string;
  readonly failures: number;
  readonly failed_at: number;
  readonly blocked_until: number;
}
