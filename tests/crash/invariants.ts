/** What must hold of a machine's disk at every moment, whatever was cut off there: old or new, never mixed (T84). */
import type { Image } from './durable-image.ts';

const handlers = 'var/lib/waagent/';
const records = 'var/lib/GuestConfig/extension_logs/';
const journal = 'var/lib/GuestConfig/operations.json';

export interface DiskState {
  /** `1.0.0 enabled`, one for each record. */
  readonly states: readonly string[];
  readonly violations: readonly string[];
}

/** `packages`: by version, the files of its package. */
export function diskState(
  image: Image,
  packages: Readonly<Record<string, Readonly<Record<string, string | Buffer>>>>,
): DiskState {
  const violations: string[] = [];
  const phases = new Map<string, string>();
  for (const [path, content] of image) {
    if (content === undefined) continue;
    if (path === journal || path.endsWith('/state.json')) {
      const phase = phaseIn(content);
      if (phase === undefined) violations.push(`${path} is not whole`);
      if (path.startsWith(records) && phase !== undefined)
        phases.set(path.slice(records.length).split('/')[0] ?? '', phase);
    }
  }
  const trees = new Set<string>();
  for (const path of image.keys()) {
    const name = path.startsWith(handlers) ? path.slice(handlers.length).split('/')[0] : undefined;
    if (name !== undefined && name.includes('-') && !name.startsWith('.')) trees.add(name);
  }
  for (const name of trees) if (!phases.has(name)) violations.push(`${name} is there and nobody knows of it`);
  for (const [name, phase] of phases) {
    if (phase === 'fetching' || phase === 'uninstalled') continue;
    const version = name.slice(name.lastIndexOf('-') + 1);
    // On its way aside or back it is at one of two places.
    const aside = phase === 'kept' && image.has(`${handlers}.kept-${name}`);
    const tree = `${handlers}${aside ? '.kept-' : ''}${name}`;
    if (hasTakenOver(version, phase) && (image.get(`${tree}/mrseq`)?.length ?? 0) === 0)
      violations.push(`${name} is ${phase} and would do again what was done`);
    if (phase === 'enabled') violations.push(...unconfigured(image, name));
    for (const [file, content] of Object.entries(packages[version] ?? {})) {
      const found = image.get(`${tree}/${file}`);
      if (found === undefined) violations.push(`${name} is ${phase} and has no ${file}`);
      else if (!found.equals(Buffer.from(content))) violations.push(`${name} is ${phase} and its ${file} is another`);
    }
  }
  const states = [...phases].map(([name, phase]) => `${name.slice(name.lastIndexOf('-') + 1)} ${phase}`).sort();
  return { states, violations };
}

/** Whether a version has what the one before it had done. */
function hasTakenOver(version: string, phase: string): boolean {
  return version.startsWith('2.') && ['updated', 'installed', 'enabled'].includes(phase);
}

/** What an enabled handler must find, as far as it is not there or not whole. */
function unconfigured(image: Image, name: string): readonly string[] {
  const tree = `${handlers}${name}/`;
  const settings = [...image.keys()].filter((path) => path.startsWith(`${tree}config/`) && path.endsWith('.settings'));
  const wanted = [
    `${tree}HandlerEnvironment.json`,
    ...(settings.length === 0 ? [`${tree}config/N.settings`] : settings),
  ];
  return wanted
    .filter((path) => phaseIn(image.get(path) ?? Buffer.alloc(0)) === undefined)
    .map((path) => `${name} is enabled and has no whole ${path.slice(tree.length)}`);
}

/** The phase of a record, '' for other JSON; undefined for what is not JSON. */
function phaseIn(content: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    return typeof value === 'object' && value !== null && 'phase' in value ? String(value.phase) : '';
  } catch {
    // Half of a file, or nothing of it.
    return undefined;
  }
}
