/**
 * Templates as people write them and the Azure CLI sends them: JSON with comments, and with names without quotes (its own body has
 * `template:` so). Only what is not JSON is touched; what comes out is parsed as strictly as any body. Pure.
 */

const space = /[ \t\r\n]/;
const nameStart = /[A-Za-z_$]/;
const namePart = /[\w$]/;

/** The text as JSON. What is neither JSON nor one of these is left as it is, for the parser to refuse. */
export function asJson(text: string): string {
  let json = '';
  let at = 0;
  while (at < text.length) {
    const end = endOfToken(text, at);
    const token = text.slice(at, end);
    if (token.startsWith('//') || token.startsWith('/*')) json += ' ';
    else json += nameStart.test(token[0] ?? '') && isName(text, end) ? JSON.stringify(token) : token;
    at = end;
  }
  return json;
}

/** Where a string, a comment or a word that begins at `at` is over; any other character stands for itself. */
function endOfToken(text: string, at: number): number {
  const first = text[at] ?? '';
  if (first === '"') {
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    return Math.min(end + 1, text.length);
  }
  if (text.startsWith('//', at)) {
    const end = text.indexOf('\n', at);
    return end === -1 ? text.length : end;
  }
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end === -1 ? text.length : end + 2;
  }
  let end = at + 1;
  if (nameStart.test(first)) while (end < text.length && namePart.test(text[end] ?? '')) end += 1;
  return end;
}

/** A word is a name when a colon follows; `true`, `false` and `null` are followed by none. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (at < text.length && space.test(text[at] ?? '')) at += 1;
  return text[at] === ':';
}
