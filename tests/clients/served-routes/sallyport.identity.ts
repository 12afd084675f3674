import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { anything, nothing, own } from './shapes.ts';

/** Principals, people and keys, ours. */
export function identityRoutes(at: Places): Routes {
  const identity = '/providers/Sallyport.Identity';
  const principal = `${identity}/servicePrincipals/${at.clientId}`;
  const user = `${identity}/users/anna@example.org`;
  return {
    'Sallyport.Identity/servicePrincipals': { item: principal, list: `${identity}/servicePrincipals`, shape: own },
    'Sallyport.Identity/servicePrincipals/certificates': {
      item: `${principal}/certificates/${at.certificate}`,
      list: `${principal}/certificates`,
      shape: own,
    },
    'Sallyport.Identity/servicePrincipals/federatedCredentials': {
      list: `${principal}/federatedCredentials`,
      shape: own,
    },
    'Sallyport.Identity/users/federatedCredentials': { list: `${user}/federatedCredentials`, shape: own },
    'Sallyport.Identity/users': { item: user, list: `${identity}/users`, shape: own },
    'Sallyport.Identity/users/resetPassword': { ask: [`${user}/resetPassword`], shape: nothing, answer: own },
    'Sallyport.Identity/users/endSessions': { ask: [`${user}/endSessions`], shape: nothing, answer: own },
    'Sallyport.Identity/servicePrincipals/rotateSecret': {
      ask: [`${identity}/servicePrincipals/${at.certificate}/rotateSecret`],
      shape: nothing,
      answer: own,
    },
    'Sallyport.Identity/signingKeys': { list: `${identity}/signingKeys`, shape: own },
    'Sallyport.Identity/rotateSigningKeys': {
      ask: [`${identity}/rotateSigningKeys`],
      shape: nothing,
      answer: anything,
    },
    'Sallyport.Identity/machineIdentity': {
      list: `${at.machine}/providers/Sallyport.Identity/machineIdentity`,
      isWhole: true,
      shape: anything,
    },
    'Sallyport.Identity/releaseQuarantine': {
      ask: [`${at.machine}/providers/Sallyport.Identity/releaseQuarantine`],
      shape: nothing,
      answer: anything,
    },
    'Sallyport.Identity/register': registration(at, 'Sallyport.Identity'),
  };
}
