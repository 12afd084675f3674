/** Every fuzz target, by its name on the command line. */
import type { FuzzTarget } from './target.ts';
import { configuration } from './targets/configuration.ts';
import { manifest } from './targets/manifest.ts';
import { settings } from './targets/settings.ts';
import { status } from './targets/status.ts';
import { zip } from './targets/zip.ts';

export const targets: Readonly<Record<string, FuzzTarget>> = { zip, manifest, settings, status, configuration };
