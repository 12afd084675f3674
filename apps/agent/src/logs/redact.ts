/** Takes secrets out of texts that leave the machine. What is known to be secret is not collected at all; this is the second net. */

const rules: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '*** PRIVATE KEY REMOVED ***'],
  // One whose beginning was cut off with the beginning of the file.
  [/^[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, '*** PRIVATE KEY REMOVED ***'],
  // Tokens and sealed settings: JWTs and JWEs begin with base64url of '{"'.
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}/g, '*** TOKEN REMOVED ***'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 ***'],
  [/(\/\/)[^/@\s"']+@/g, '$1***@'],
  [/(\b|%[0-9A-F]{2})(sig|code|password|secret|client_secret|access_token)(=|%3D)[^&\s"'<>\\]+/gi, '$1$2$3***'],
  // JSON, also JSON that stands as text in a line of JSON, with its quotation marks escaped once or more.
  [
    /("(?:protectedSettings|password|secret|clientSecret|client_secret|access_token|cms|jwe)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi,
    '$1"***"',
  ],
  [
    /(\\+"(?:protectedSettings|password|secret|clientSecret|client_secret|access_token|cms|jwe)\\+"\s*:\s*)(\\+")[\s\S]*?(?:\2|(?<!\\)"|$)/gi,
    '$1$2***$2',
  ],
];

/** The text without what looks like a secret. */
export function redact(text: string): string {
  return rules.reduce((current, [form, instead]) => current.replace(form, instead), text);
}
