/** The page where a person answers a device that waits elsewhere (RFC 8628 §3.3). */
import type { Hono } from 'hono';
import type { Environment } from '../../../environment.ts';
import type { Store } from '../../../store/store.ts';
import type { IdentityProviders } from '../../providers/identity-providers.ts';
import { readUserCode, waitingDevice } from '../device-codes.ts';
import { approveDevice, denyDevice, programOn } from './answer-device.ts';
import type { PageForms } from './page-forms.ts';
import { devicePagePath } from './paths.ts';
import { approvePage, codePage } from './templates.ts';

/** Adds the page. */
export function addDeviceRoutes(
  app: Hono,
  environment: Environment,
  store: Store,
  providers: IdentityProviders,
  forms: PageForms,
): void {
  const elsewhere = providers.forSignIn();
  app.get(devicePagePath, (c) => codePage(forms.state(c), c.req.query('user_code') ?? ''));
  app.post(devicePagePath, (c) =>
    forms.own(c, async (form) => {
      const typed = form.get('user_code') ?? '';
      const userCode = readUserCode(typed);
      const device = userCode === undefined ? undefined : await waitingDevice(store.read, userCode, environment.now());
      if (userCode === undefined || device === undefined) {
        const message = 'No device waits with this code. Check it, or start again on the device.';
        return codePage(forms.state(c, { message, status: 400 }), typed);
      }
      const asked = { userCode, program: programOn(device), askedFrom: device.asked_from };
      const answer = form.get('answer');
      if (answer === 'no') return denyDevice(store, device);
      if (answer !== 'yes') return approvePage(forms.state(c), asked, elsewhere);
      const found = await forms.signIn(c, form);
      if ('refusal' in found) return approvePage(forms.state(c, found.refusal), asked, elsewhere);
      return approveDevice(store, device, found.person);
    }),
  );
}
