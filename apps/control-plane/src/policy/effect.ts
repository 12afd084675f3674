/** The effects of the policy language, in lower case. */

/** Every effect that the language has. */
export const knownEffects = [
  'append',
  'audit',
  'auditifnotexists',
  'deny',
  'denyaction',
  'deployifnotexists',
  'disabled',
  'manual',
  'modify',
  'mutate',
  'addtonetworkgroup',
] as const;

/** Those that are carried out here. An assignment whose effect is another one is refused: it would look like a control and be none. */
export const evaluatedEffects = [
  'append',
  'audit',
  'auditifnotexists',
  'deny',
  'denyaction',
  'deployifnotexists',
  'disabled',
  'modify',
] as const;
export type EvaluatedEffect = (typeof evaluatedEffects)[number];
