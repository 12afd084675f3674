/** Who is calling, from a verified token. Nothing else in the program makes one. */
export interface Caller {
  readonly kind: 'ServicePrincipal' | 'Machine' | 'User';
  readonly objectId: string;
  /** What the activity log names as the caller: the application id, of people the user name. */
  readonly clientId: string;
  readonly displayName: string;
  readonly tenantId: string;
  /** The claims that are worth keeping with an event; none is secret. */
  readonly claims: Readonly<Record<string, string>>;
}
