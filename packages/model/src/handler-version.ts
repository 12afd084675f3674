/** Extension versions: one to four numbers with dots, compared number by number; missing numbers count as 0. */

declare const brand: unique symbol;

/** A well-formed version such as `2.1.0`. Only {@link parseHandlerVersion} makes one. */
export type HandlerVersion = string & { readonly [brand]: 'HandlerVersion' };

const form = /^(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){0,3}$/;

/** The version, or undefined when the text is not one. */
export function parseHandlerVersion(text: string): HandlerVersion | undefined {
  return form.test(text) ? (text as HandlerVersion) : undefined;
}

/** Negative, zero or positive, as for `Array.sort`. `1.0` equals `1.0.0.0` (handler contract §3). */
export function compareHandlerVersions(a: HandlerVersion, b: HandlerVersion): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < 4; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The version a request means: the highest published one whose leading numbers are those asked for; with
 * `takeNewerMinor` any newer minor of the same major (`autoUpgradeMinorVersion`); with nothing asked, the highest.
 */
export function selectHandlerVersion(
  published: readonly HandlerVersion[],
  asked: HandlerVersion | undefined,
  takeNewerMinor: boolean,
): HandlerVersion | undefined {
  const wanted = asked?.split('.') ?? [];
  const prefix = takeNewerMinor ? wanted.slice(0, 1) : wanted;
  return published
    .filter((version) => {
      const have = version.split('.');
      if (!prefix.every((number, i) => Number(have[i] ?? 0) === Number(number))) return false;
      return (
        !takeNewerMinor ||
        asked === undefined ||
        compareHandlerVersions(version, asked) >= 0 ||
        startsWith(have, wanted)
      );
    })
    .sort(compareHandlerVersions)
    .at(-1);
}

function startsWith(have: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((number, i) => Number(have[i] ?? 0) === Number(number));
}
