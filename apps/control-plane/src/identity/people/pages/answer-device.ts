/** How the device page ends: the device that waits is told yes or no, and the person reads what became of it. */
import type { Store } from '../../../store/store.ts';
import type { Principal } from '../../principals.ts';
import { answerDevice, type DeviceCode } from '../device-codes.ts';
import { nameOfPublicClient } from '../public-clients.ts';
import { messagePage } from './templates.ts';

/** What people know the program on a device as. */
export function programOn({ client_id }: DeviceCode): string {
  return nameOfPublicClient(client_id) ?? client_id;
}

/** The device goes on as this person. `headers` go with the page. */
export async function approveDevice(
  store: Store,
  device: DeviceCode,
  person: Principal,
  headers?: Readonly<Record<string, string>>,
): Promise<Response> {
  await store.observe(async (writer) => ({
    value: await answerDevice(writer, device, 'approved', person.object_id),
    events: [],
  }));
  const message = `${programOn(device)} goes on as ${person.client_id}. You can close this page.`;
  return messagePage('Signed in', message, 200, headers);
}

/** The device is told no. */
export async function denyDevice(store: Store, device: DeviceCode): Promise<Response> {
  await store.observe(async (writer) => ({ value: await answerDevice(writer, device, 'denied', null), events: [] }));
  return messagePage('Not signed in', 'The device was told no. You can close this page.');
}
