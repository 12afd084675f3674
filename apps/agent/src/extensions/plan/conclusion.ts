/** How an operation ended on this machine, by the resource it was for. */
import { isTerminal, type OperationState } from '@sallyport/model';

export interface Conclusion {
  readonly operationId: string;
  /** `unknown`: it ended in a way that another version of the agent has a word for. It is over, and is not done again (T84). */
  readonly state: OperationState | 'unknown';
}

/** Whether it says that the operation is over. */
export function isConcluded({ state }: Conclusion): boolean {
  return state === 'unknown' || isTerminal(state);
}

/** Resources are told apart by name; case does not count. */
export function resourceKey(entry: { readonly resourceName: string }): string {
  return entry.resourceName.toLowerCase();
}
