/** Archives that no reader may accept, each with the one thing that is wrong about it (T32–T40). */
import { kinds } from './hostile/kinds.ts';
import { names } from './hostile/names.ts';
import { sizes } from './hostile/sizes.ts';
import { structure } from './hostile/structure.ts';
import { writeHostileZip } from './hostile-zip.ts';

export interface HostileSpecimen {
  /** What is wrong, in a few words. */
  readonly name: string;
  /** The attack of the threat model. */
  readonly attack: string;
  /** The code that the strict reader refuses it with. */
  readonly code: string;
  readonly bytes: Buffer;
}

/** All of them. Made anew at each call; nothing is shared. */
export function hostileCorpus(): readonly HostileSpecimen[] {
  return [...names(), ...kinds(), ...sizes(), ...structure()].map(([attack, code, name, archive]) => {
    return { attack, code, name, bytes: Buffer.isBuffer(archive) ? archive : writeHostileZip(archive) };
  });
}
