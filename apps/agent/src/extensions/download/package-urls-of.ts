/** Where the centre says now that a package can be had. Pure. */
import type { GoalExtension, GoalState } from '@sallyport/model/wire';

/**
 * The URLs of an entry in a goal state that was fetched again. None when the centre wants something else of the resource by now: that is
 * another operation's business.
 */
export function packageUrlsOf(goal: GoalState, entry: GoalExtension): readonly string[] {
  const now = goal.extensions.find(
    ({ resourceName }) => resourceName.toLowerCase() === entry.resourceName.toLowerCase(),
  );
  return now?.operationId === entry.operationId && now.version === entry.version ? now.packageUrls : [];
}
