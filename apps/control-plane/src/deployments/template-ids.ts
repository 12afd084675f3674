/** Ids of what a template deploys. Pure. */
import { TemplateError } from './template-error.ts';

/** The id of a resource of a type (`Namespace/a/b`) with its names, at a scope. Throws {@link TemplateError}. */
export function resourceIdOf(scope: string, type: string, names: readonly string[]): string {
  const [namespace = '', ...types] = type.split('/');
  if (types.length === 0 || types.length !== names.length || names.some((name) => name === ''))
    throw new TemplateError(
      `The type '${type}' and the name '${names.join('/')}' do not have as many parts as each other.`,
    );
  if (/^microsoft\.resources\/(?:subscriptions\/)?resourcegroups$/i.test(type)) {
    const [subscription = ''] = /^\/subscriptions\/[^/]+/.exec(scope) ?? [];
    return `${subscription}/resourceGroups/${names.at(-1) ?? ''}`;
  }
  return `${scope}/providers/${namespace}${types.map((one, i) => `/${one}/${names[i] ?? ''}`).join('')}`;
}
