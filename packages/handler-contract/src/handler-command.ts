/** The commands of a handler: their names, their time limits, and how a manifest's command line is read (contract §1, §2). */

export const handlerCommandNames = ['install', 'enable', 'update', 'disable', 'uninstall'] as const;
export type HandlerCommandName = (typeof handlerCommandNames)[number];

/** How long each command may run, in seconds. After it the process group is killed. */
export const handlerCommandSeconds: Readonly<Record<HandlerCommandName, number>> = {
  install: 900,
  update: 900,
  disable: 900,
  enable: 300,
  uninstall: 300,
};

/** A command line of a manifest, read into words. It is started without a shell (T42). */
export interface HandlerCommand {
  /** As in the manifest, without the leading `/` or `./`. For messages. */
  readonly line: string;
  /** The program, relative to the handler's directory; never leaves it. */
  readonly program: string;
  readonly arguments: readonly string[];
}

export type HandlerCommandResult =
  | { readonly ok: true; readonly command: HandlerCommand }
  | { readonly ok: false; readonly reason: string };

/** What a shell would act on. None of the packages in the wild uses any of it; a package that does is refused (T42). */
const shellSyntax = /[;&|<>()$`\\*?[\]{}~#!\n\r]/;
const word = /"([^"]*)"|'([^']*)'|([^\s"']+)/y;

/** Reads `bin/x args`, `./x` or `/x`. Words may be quoted; nothing is expanded. */
export function parseHandlerCommand(text: string): HandlerCommandResult {
  const line = text.trim().replace(/^(?:\.?\/+)+/, '');
  if (line === '') return { ok: false, reason: 'it is empty' };
  if (line.length > 4096) return { ok: false, reason: 'it is longer than 4096 characters' };
  const found = /[\u0000-\u001f\u007f]/.test(line) ? 'a control character' : shellSyntax.exec(line)?.[0];
  if (found !== undefined) return { ok: false, reason: `it holds ${found}, which only a shell would understand` };
  const words = splitWords(line);
  const [program, ...rest] = words ?? [];
  if (program === undefined || program === '') return { ok: false, reason: 'its quotation marks do not match' };
  if (program.startsWith('/') || program.split('/').some((part) => part === '..')) {
    return { ok: false, reason: `its program '${program}' is outside the package` };
  }
  return { ok: true, command: { line, program, arguments: rest } };
}

/** The full command line, as failure messages show it. `directory` is the handler's. */
export function handlerCommandLine(directory: string, command: HandlerCommand): string {
  return `${directory}/${command.line}`;
}

function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    const blank = /\s/.test(line.charAt(at));
    if (blank) {
      at += 1;
      continue;
    }
    let current = '';
    while (at < line.length && !/\s/.test(line.charAt(at))) {
      word.lastIndex = at;
      const match = word.exec(line);
      if (match === null) return undefined;
      current += match[1] ?? match[2] ?? match[3] ?? '';
      at = word.lastIndex;
    }
    words.push(current);
  }
  return words;
}
