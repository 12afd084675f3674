/** The page where a person answers a device that waits elsewhere (RFC 8628 §3.3). */
import type { Hono } from 'hono';
import type { Environment } from '../../../environment.ts';
import type { Store } from '../../../store/store.ts';
import { answerDevice, readUserCode, waitingDevice, type DeviceCode } from '../device-codes.ts';
import { nameOfPublicClient } from '../public-clients.ts';
import type { PageForms } from './page-forms.ts';
import { devicePagePath } from './paths.ts';
import { approvePage, codePage, messagePage } from './templates.ts';

/** Adds the page. */
export function addDeviceRoutes(app: Hono, environment: Environment, store: Store, forms: PageForms): void {
  async function tell(device: DeviceCode, answer: 'approved' | 'denied', objectId: string | null): Promise<void> {
    await store.observe(async (writer) => ({
      value: await answerDevice(writer, device, answer, objectId),
      events: [],
    }));
  }

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
      const program = nameOfPublicClient(device.client_id) ?? device.client_id;
      const asked = { userCode, program, askedFrom: device.asked_from };
      const answer = form.get('answer');
      if (answer === 'no') {
        await tell(device, 'denied', null);
        return messagePage('Not signed in', 'The device was told no. You can close this page.');
      }
      if (answer !== 'yes') return approvePage(forms.state(c), asked);
      const found = await forms.signIn(c, form);
      if ('refusal' in found) return approvePage(forms.state(c, found.refusal), asked);
      await tell(device, 'approved', found.person.object_id);
      return messagePage('Signed in', `${program} goes on as ${found.person.client_id}. You can close this page.`);
    }),
  );
}
