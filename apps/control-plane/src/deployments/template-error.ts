/** What is wrong with a template or its parameters. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
