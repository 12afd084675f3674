/** Sign-in for devices without a browser (RFC 8628): the device shows a code, a person types it elsewhere and says yes or no. */
import type { Selectable } from 'kysely';
import type { Environment } from '../../environment.ts';
import type { DeviceCodeRow } from '../../store/schema/identity-rows.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { hashOfToken, newOpaqueToken } from '../opaque-token.ts';
import { beginSession, type Session } from './sessions.ts';

export type DeviceCode = Selectable<DeviceCodeRow>;

/** How long a person has. Seconds. */
export const deviceCodeLife = 15 * 60;
/** How often a device may ask. Seconds. */
export const pollInterval = 5;
/** Devices that wait at once, at most: each is a row (T19). */
const mostWaiting = 1000;

/** No vowels: no words. No digits: nothing to take for a letter. 20^8 is 34 bits, for a quarter of an hour. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';

/** What people type, as it is kept: capitals without blanks and dashes; undefined when it cannot be a code. */
export function readUserCode(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, '').toUpperCase();
  return new RegExp(`^[${letters}]{8}$`).test(code) ? code : undefined;
}

/** `ABCD-EFGH`, as it is shown. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

function newUserCode(environment: Environment): string {
  let code = '';
  // Bytes that would favour the first letters are thrown away.
  while (code.length < 8)
    for (const byte of environment.randomBytes(16)) {
      const letter = byte < 240 ? letters[byte % letters.length] : undefined;
      if (letter !== undefined && code.length < 8) code += letter;
    }
  return code;
}

/** A device begins to wait; undefined when too many do. */
export async function newDeviceCode(
  writer: Writer,
  environment: Environment,
  clientId: string,
  askedFrom: string,
): Promise<{ readonly deviceCode: string; readonly userCode: string } | undefined> {
  const now = environment.now();
  await writer.deleteFrom('device_codes').where('expires_at', '<', now).execute();
  const { waiting } = await writer
    .selectFrom('device_codes')
    .select((select) => select.fn.countAll<number | string | bigint>().as('waiting'))
    .executeTakeFirstOrThrow();
  if (Number(waiting) >= mostWaiting) return undefined;
  const deviceCode = newOpaqueToken(environment);
  const userCode = newUserCode(environment);
  await writer
    .insertInto('device_codes')
    .values({
      code_hash: hashOfToken(deviceCode),
      user_code: userCode,
      client_id: clientId,
      asked_from: askedFrom,
      answer: 'pending',
      object_id: null,
      polled_at: 0,
      expires_at: now + deviceCodeLife * 1000,
    })
    .execute();
  return { deviceCode, userCode };
}

/** The device that shows a code and still waits, or undefined. */
export function waitingDevice(reader: Reader, userCode: string, now: number): Promise<DeviceCode | undefined> {
  return reader
    .selectFrom('device_codes')
    .selectAll()
    .where('user_code', '=', userCode)
    .where('answer', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** A person's answer to a device that waits. */
export async function answerDevice(
  writer: Writer,
  device: DeviceCode,
  answer: 'approved' | 'denied',
  objectId: string | null,
): Promise<void> {
  await writer
    .updateTable('device_codes')
    .set({ answer, object_id: objectId })
    .where('code_hash', '=', device.code_hash)
    .where('answer', '=', 'pending')
    .execute();
}

export type DevicePoll =
  | { readonly outcome: 'session'; readonly session: Session }
  | { readonly outcome: 'authorization_pending' | 'slow_down' | 'authorization_declined' | 'expired_token' };

/** A device asks how it stands. Its code is good for one session. */
export async function pollDevice(
  writer: Writer,
  environment: Environment,
  deviceCode: string,
  clientId: string,
): Promise<DevicePoll> {
  const now = environment.now();
  const hash = hashOfToken(deviceCode);
  const row = await writer.selectFrom('device_codes').selectAll().where('code_hash', '=', hash).executeTakeFirst();
  if (row === undefined || row.expires_at <= now || row.client_id !== clientId) return { outcome: 'expired_token' };
  if (row.answer === 'pending') {
    await writer.updateTable('device_codes').set({ polled_at: now }).where('code_hash', '=', hash).execute();
    // A second of grace: clients count from when they sent, we from when it came.
    const early = now - row.polled_at < (pollInterval - 1) * 1000;
    return { outcome: early ? 'slow_down' : 'authorization_pending' };
  }
  await writer.deleteFrom('device_codes').where('code_hash', '=', hash).execute();
  if (row.answer === 'denied' || row.object_id === null) return { outcome: 'authorization_declined' };
  return { outcome: 'session', session: await beginSession(writer, environment, row.object_id, row.client_id) };
}
