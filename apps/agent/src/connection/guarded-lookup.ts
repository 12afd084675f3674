/** Name resolution that refuses addresses when the connection is made, so that a name cannot change its meaning in between (T24). */
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { CodedError } from '@sallyport/model';

/** Resolves like the system does and fails when any of the addresses is not acceptable. */
export function guardedLookup(acceptable: (address: string) => boolean): LookupFunction {
  return (hostname, options: LookupOptions, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) {
        done(error, []);
        return;
      }
      const refused = addresses.find(({ address }) => !acceptable(address));
      if (refused !== undefined) {
        done(new CodedError('Refused', `${hostname} stands for ${refused.address}, where nothing is fetched from`), []);
        return;
      }
      const [first] = addresses;
      if (options.all === true) done(null, addresses);
      else if (first === undefined) done(new CodedError('Refused', `${hostname} stands for no address`), []);
      else done(null, first.address, first.family);
    });
  };
}
