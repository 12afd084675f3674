/** The page where people change their password. */
import type { Hono } from 'hono';
import { requestEvents } from '../../../activity-log/events-of.ts';
import { ownOrigin } from '../../../activity-log/own-origin.ts';
import type { Environment } from '../../../environment.ts';
import type { Store } from '../../../store/store.ts';
import type { Endpoint } from '../../endpoint.ts';
import { changePassword, hashPassword } from '../change-password.ts';
import { weaknessOf } from '../password-rules.ts';
import type { PageForms } from './page-forms.ts';
import { passwordPagePath } from './paths.ts';
import { messagePage, passwordPage } from './templates.ts';

/** Adds the page. */
export function addPasswordRoutes(
  app: Hono,
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  forms: PageForms,
): void {
  app.get(passwordPagePath, (c) => passwordPage(forms.state(c), ''));
  app.post(passwordPagePath, (c) =>
    forms.own(c, async (form) => {
      const name = form.get('user_name') ?? '';
      const next = form.get('new_password') ?? '';
      const message = next === form.get('again') ? weaknessOf(next, name) : 'The two new passwords are not the same.';
      if (message !== undefined) return passwordPage(forms.state(c, { message, status: 400 }), name);
      const found = await forms.signIn(c, form);
      if ('refusal' in found) return passwordPage(forms.state(c, found.refusal), name);
      const { person } = found;
      const hash = await hashPassword(environment, next);
      await store.change(async (writer) => {
        await changePassword(writer, person, hash);
        const resourceId = `/providers/Sallyport.Identity/users/${person.client_id}`;
        const action = 'Sallyport.Identity/users/changePassword/action';
        const origin = {
          ...ownOrigin(environment, endpoint.tenantId, '', resourceId, action),
          caller: person.client_id,
        };
        return {
          value: undefined,
          events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }),
        };
      });
      return messagePage('Password changed', 'Wherever you were signed in, you have to sign in again.');
    }),
  );
}
