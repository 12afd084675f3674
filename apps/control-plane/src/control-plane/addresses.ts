/** Names and addresses that the configuration says, or leaves to the machine. Pure, but for the name of this machine. */
import { hostname } from 'node:os';
import type { Configuration } from '../configuration.ts';

const everyAddress = new Set(['0.0.0.0', '::']);

/** What clients are told to ask. */
export function publicUrlOf({ publicUrl, host }: Configuration, port: number): string {
  if (publicUrl !== undefined) return publicUrl;
  const name = everyAddress.has(host) ? hostname() : host;
  return `https://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** The names that the certificate of this control plane is good for. */
export function certificateNames({ publicUrl, host }: Configuration): readonly [string, ...string[]] {
  const names: string[] = ['127.0.0.1', '::1'];
  names.push(everyAddress.has(host) ? hostname() : host);
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''));
  return ['localhost', ...new Set(names.filter((name) => name !== 'localhost'))];
}

/** The services that the configuration says where they are. */
export function servicesNamed({ identityProviders, tracesUrl }: Configuration): readonly URL[] {
  const named = identityProviders.map(({ issuer }) => new URL(issuer));
  return tracesUrl === undefined ? named : [...named, new URL(tracesUrl)];
}
