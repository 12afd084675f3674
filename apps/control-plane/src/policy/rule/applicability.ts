/**
 * Whether a rule is about a resource at all. As in Azure, only what it says of type, kind and name decides that: a resource of another
 * type is not compliant with a rule, it has nothing to do with it. Pure.
 */
import type { Condition } from './condition.ts';
import { evaluateCondition, type Evaluation } from './evaluate-condition.ts';

const deciding = new Set(['type', 'kind', 'name', 'fullname']);

/** False when the resource cannot fulfil the condition, whatever its properties were. */
export function isApplicable(condition: Condition, evaluation: Evaluation): boolean {
  return outcome(condition, evaluation) !== false;
}

/** Undefined: it depends on something else. */
function outcome(condition: Condition, evaluation: Evaluation): boolean | undefined {
  switch (condition.kind) {
    case 'all': {
      const parts = condition.of.map((one) => outcome(one, evaluation));
      if (parts.includes(false)) return false;
      return parts.includes(undefined) ? undefined : true;
    }
    case 'any': {
      const parts = condition.of.map((one) => outcome(one, evaluation));
      if (parts.includes(true)) return true;
      return parts.includes(undefined) ? undefined : false;
    }
    case 'not': {
      const inner = outcome(condition.of, evaluation);
      return inner === undefined ? undefined : !inner;
    }
    case 'field':
      return deciding.has(condition.field.toLowerCase())
        ? evaluateCondition(condition, evaluation).fulfilled
        : undefined;
    case 'value':
    case 'count':
      return undefined;
  }
}
