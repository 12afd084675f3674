/** A signed order: a compact JWS with Ed25519. What is signed are bytes, and they are read only after they were verified (T31). */
import { verify } from 'node:crypto';
import { parseJson } from '../parse.ts';
import { orderSchema, type Order } from './order.ts';
import { readSignerKey } from './signer-key.ts';

/** The one header there is: algorithm and kind are the reader's to name (T30), and nothing else that anybody signs begins so. */
const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'sallyport-order-v1' })).toString('base64url');

/** Longer ones are not looked at. */
export const mostOrderLength = 8192;

/** An order with its signature. `sign` gives the Ed25519 signature of bytes. */
export function writeOrder(order: Order, sign: (bytes: Uint8Array) => Uint8Array): string {
  const signed = `${header}.${Buffer.from(JSON.stringify(order)).toString('base64url')}`;
  return `${signed}.${Buffer.from(sign(Buffer.from(signed))).toString('base64url')}`;
}

/** The order, if the key has signed it; otherwise what is wrong with it, as a clause. */
export function readOrder(text: string, signer: string): { readonly order: Order } | { readonly wrong: string } {
  if (text.length > mostOrderLength) return { wrong: `it is longer than ${mostOrderLength} characters` };
  const [head, payload, signature, ...more] = text.split('.');
  if (head !== header || payload === undefined || signature === undefined || more.length > 0)
    return { wrong: 'it is not a signed order' };
  // The last character of a signature stands for two bits only: there is one text for one signature (T31).
  if (!/^[A-Za-z0-9_-]+$/.test(payload) || !/^[A-Za-z0-9_-]{85}[AQgw]$/.test(signature))
    return { wrong: 'it is not a signed order' };
  const bytes = Buffer.from(`${head}.${payload}`);
  if (!isSignedBy(bytes, signer, Buffer.from(signature, 'base64url'))) return { wrong: 'its signature is not right' };
  try {
    return { order: parseJson(orderSchema, Buffer.from(payload, 'base64url').toString('utf8'), 'The order') };
  } catch {
    return { wrong: 'what was signed is not an order that this version knows' };
  }
}

function isSignedBy(bytes: Uint8Array, signer: string, signature: Uint8Array): boolean {
  try {
    return verify(null, bytes, readSignerKey(signer), signature);
  } catch {
    // Text of the right form that is no point of the curve.
    return false;
  }
}
