/** The server's own word on one operation, as the manager needs it: go on, or the code and explanation to report. */
import type { ExtensionName, OperationFailureCode, OperationKind } from '@sallyport/model';
import type { Explanation } from '@sallyport/model/wire';

export type Permission =
  | { readonly allowed: true; readonly explanation: Explanation }
  | { readonly allowed: false; readonly code: OperationFailureCode; readonly explanation: Explanation };

/** Asked when planning and again before every step that downloads or runs something: controls may change in between. */
export type Permit = (operation: OperationKind, name: ExtensionName) => Permission;
