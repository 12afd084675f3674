/** Patterns of role definitions: case does not count, `*` stands for anything, slashes included (arm-api §8.1). */

const compiled = new Map<string, RegExp>();
/** Patterns come from built-in and custom roles: few, but whoever may write roles must not fill the memory with them. */
const mostCompiled = 10_000;

/** Whether `action` (`Microsoft.HybridCompute/machines/read`) is one of those that `pattern` names. */
export function matchesAction(pattern: string, action: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
    expression = new RegExp(`^${parts.join('.*')}$`, 'is');
    if (compiled.size >= mostCompiled) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression.test(action);
}
