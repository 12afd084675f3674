/** Parses `[…]` expressions of the policy language: calls, texts, whole numbers, `.member` and `[index]`. */
import { PolicyError } from '../policy-error.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'member'; readonly of: Expression; readonly index: Expression };

const token = /\s*(?:('(?:[^']|'')*')|(-?[0-9]+)|([A-Za-z_][A-Za-z0-9_]*)|([()[\],.]))\s*/y;
/** Deeper than any rule that people write; shallow enough for the stack. */
const deepest = 100;

/** Whether a text is an expression: in brackets, and not escaped by a second one at its start. */
export function isExpression(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');
}

/** Parses an expression, brackets included. Throws {@link PolicyError} `InvalidPolicyRule`. */
export function parseExpression(text: string): Expression {
  const inner = text.slice(1, -1);
  const fail = (at: number): PolicyError =>
    new PolicyError(
      'InvalidPolicyRule',
      `The expression '${text.slice(0, 200)}' cannot be read at '${inner.slice(at, at + 30)}'.`,
    );
  const tokens: { readonly text: string; readonly at: number }[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < inner.length) {
    const at = token.lastIndex;
    const match = token.exec(inner);
    if (match === null) throw fail(at);
    tokens.push({ text: match[0].trim(), at });
  }
  let next = 0;
  const peek = (): string | undefined => tokens[next]?.text;
  const here = (): PolicyError => fail(tokens[next]?.at ?? inner.length);
  const take = (wanted: string): void => {
    if (peek() !== wanted) throw here();
    next += 1;
  };

  function argumentsOf(depth: number): readonly Expression[] {
    take('(');
    const args: Expression[] = [];
    if (peek() !== ')') {
      args.push(expression(depth));
      while (peek() === ',') {
        next += 1;
        args.push(expression(depth));
      }
    }
    take(')');
    return args;
  }

  function primary(depth: number): Expression {
    const word = peek();
    if (word === undefined) throw here();
    if (word.startsWith("'")) {
      next += 1;
      return { kind: 'literal', value: word.slice(1, -1).replaceAll("''", "'") };
    }
    if (/^-?[0-9]/.test(word)) {
      next += 1;
      return { kind: 'literal', value: Number(word) };
    }
    if (!/^[A-Za-z_]/.test(word)) throw here();
    next += 1;
    return { kind: 'call', name: word.toLowerCase(), args: argumentsOf(depth) };
  }

  function expression(depth: number): Expression {
    if (depth > deepest) throw here();
    let found = primary(depth + 1);
    for (;;) {
      if (peek() === '.') {
        next += 1;
        const name = peek();
        if (name === undefined || !/^[A-Za-z_]/.test(name)) throw here();
        next += 1;
        found = { kind: 'member', of: found, index: { kind: 'literal', value: name } };
      } else if (peek() === '[') {
        next += 1;
        const index = expression(depth + 1);
        take(']');
        found = { kind: 'member', of: found, index };
      } else return found;
    }
  }

  const whole = expression(0);
  if (next !== tokens.length) throw here();
  return whole;
}
