/** How an operation ended on this machine, by the resource it was for. */
import type { OperationState } from '@sallyport/model';

export interface Conclusion {
  readonly operationId: string;
  readonly state: OperationState;
}

/** Resources are told apart by name; case does not count. */
export function resourceKey(entry: { readonly resourceName: string }): string {
  return entry.resourceName.toLowerCase();
}
