import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { nothing, own } from './shapes.ts';

/** Versions that go out by themselves, ours. */
export function upgradesRoutes(at: Places): Routes {
  const upgrades = `${at.subscription}/providers/Sallyport.Upgrades`;
  return {
    'Sallyport.Upgrades/rolloutSettings': { item: `${upgrades}/rolloutSettings/default`, shape: own },
    'Sallyport.Upgrades/machineSettings': {
      item: `${at.machine}/providers/Sallyport.Upgrades/machineSettings/default`,
      shape: own,
    },
    'Sallyport.Upgrades/rollouts': { list: `${upgrades}/rollouts`, shape: own },
    'Sallyport.Upgrades/rollouts/halt': { ask: [`${upgrades}/rollouts/none/halt`], shape: nothing, answer: nothing },
    'Sallyport.Upgrades/rollouts/resume': {
      ask: [`${upgrades}/rollouts/none/resume`],
      shape: nothing,
      answer: nothing,
    },
    'Sallyport.Upgrades/register': registration(at, 'Sallyport.Upgrades'),
  };
}
