/** The action that a method on a type is, as role definitions and the activity log name it. */
export function actionOf(type: string, method: string): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return `${type}/read`;
    case 'POST':
      return `${type}/action`;
    case 'DELETE':
      return `${type}/delete`;
    default:
      return `${type}/write`;
  }
}
