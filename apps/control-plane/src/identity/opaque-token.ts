/** Tokens that mean something here only: random, and kept as their hash, so that who reads the database holds none. */
import { createHash } from 'node:crypto';
import type { Environment } from '../environment.ts';

/** A fresh one: 256 random bits, base64url. */
export function newOpaqueToken(environment: Environment): string {
  return Buffer.from(environment.randomBytes(32)).toString('base64url');
}

/** What is kept of it. The token is random, so a plain hash says nothing about it. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
