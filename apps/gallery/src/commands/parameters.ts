/** The forms of parameters that commands share. */
import { numberParser } from '@stricli/core';

export function text(brief: string, placeholder: string) {
  return { parse: String, brief, placeholder } as const;
}

export function wholeNumber(brief: string) {
  return { kind: 'parsed', parse: numberParser, brief, placeholder: 'N' } as const;
}
