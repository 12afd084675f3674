import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';

/** Assignments of guest configuration. */
export function guestConfigurationRoutes(at: Places): Routes {
  return {
    'Microsoft.GuestConfiguration/guestConfigurationAssignments': {
      item: `${at.machine}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/a`,
      list: `${at.machine}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments`,
      shape: 'published',
    },
    'Microsoft.GuestConfiguration/register': registration(at, 'Microsoft.GuestConfiguration'),
  };
}
