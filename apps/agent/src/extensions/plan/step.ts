/**
 * What can be done to one extension. A plan is a list of these; for each kind there is one executor (`executors.ts`). Steps are
 * small enough that after a crash the first one not recorded as done can simply be done again (T84).
 */
import type { HandlerVersion } from '@sallyport/model';

export type Step =
  /** Catalog, download, verification, unpacking, and the tree put in its place. Leads to `placed`. */
  | { readonly kind: 'fetch'; readonly version: HandlerVersion }
  /** Environment file and settings of the goal state's sequence. */
  | { readonly kind: 'configure'; readonly version: HandlerVersion }
  /** The version before is told to stop; `before` is it. */
  | { readonly kind: 'disable-before'; readonly version: HandlerVersion; readonly before: HandlerVersion }
  /** Sequence and status files go along to the new version. */
  | { readonly kind: 'carry-over'; readonly version: HandlerVersion; readonly before: HandlerVersion }
  | { readonly kind: 'update'; readonly version: HandlerVersion; readonly before: HandlerVersion }
  | { readonly kind: 'uninstall-before'; readonly version: HandlerVersion; readonly before: HandlerVersion }
  /** The files of a version that was uninstalled are kept out of sight until the next one has proven itself. */
  | { readonly kind: 'set-aside'; readonly version: HandlerVersion }
  | { readonly kind: 'install'; readonly version: HandlerVersion; readonly afterUpdate: boolean }
  | { readonly kind: 'enable'; readonly version: HandlerVersion }
  /** Until the extension says success or error. */
  | { readonly kind: 'await-status'; readonly version: HandlerVersion }
  | { readonly kind: 'disable'; readonly version: HandlerVersion }
  /** One of several extensions of the handler is told to stop, and what is its own goes; the handler stays. */
  | { readonly kind: 'take-off'; readonly version: HandlerVersion }
  | { readonly kind: 'uninstall'; readonly version: HandlerVersion }
  /** Files and record go; nothing is run. */
  | { readonly kind: 'discard'; readonly version: HandlerVersion }
  /** A version whose upgrade failed is told to stop; it is not asked twice. */
  | { readonly kind: 'disable-failed'; readonly version: HandlerVersion }
  /** The files that were set aside are in their place again. */
  | { readonly kind: 'bring-back'; readonly version: HandlerVersion }
  /** Environment file and settings as they were when this version was enabled last. */
  | { readonly kind: 'restore-settings'; readonly version: HandlerVersion }
  /** With the settings that it was enabled with last. `awaited`: others come after it, so its status is waited for next. */
  | { readonly kind: 'enable-again'; readonly version: HandlerVersion; readonly awaited?: true }
  /** Until one that was enabled again says success or error. */
  | { readonly kind: 'await-again'; readonly version: HandlerVersion }
  /** What the manager hosts of it stops, until the manager is enabled again. */
  | { readonly kind: 'suspend'; readonly version: HandlerVersion }
  /** The end of an upgrade that failed is told. `version` is the one that failed. */
  | { readonly kind: 'conclude'; readonly version: HandlerVersion };

export type StepKind = Step['kind'];

/**
 * Whether a step downloads something or runs something of the package. Such a step is neither planned nor begun without an
 * allow for exactly its operation (S4.4, S4.5). The others only tidy up or read.
 */
export const reachesOut: Readonly<Record<StepKind, boolean>> = {
  fetch: true,
  configure: true,
  'disable-before': true,
  'carry-over': true,
  update: true,
  'uninstall-before': true,
  'set-aside': false,
  install: true,
  enable: true,
  'await-status': false,
  disable: true,
  'take-off': true,
  uninstall: true,
  discard: false,
  'disable-failed': true,
  'bring-back': false,
  'restore-settings': true,
  'enable-again': true,
  'await-again': false,
  suspend: true,
  conclude: false,
};
