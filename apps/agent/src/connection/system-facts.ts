/** What a machine says of itself: read-only facts of the running system, whatever root the agent's own files lie under. */
import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import type { SystemFacts } from '@sallyport/model/wire';
import { databaseServers } from './database-servers.ts';

/** The facts now. What cannot be read is empty: none of it is needed to work. */
export function systemFacts(): SystemFacts {
  const os = osRelease();
  const computerName = hostname().split('.')[0] ?? '';
  return {
    computerName,
    machineFqdn: hostname(),
    // The family, as published policies ask for it (`imageOffer` or `osName` like 'linux*'); the distribution is in `osSku`.
    osName: 'linux',
    osVersion: os.get('VERSION_ID') ?? release(),
    osSku: os.get('PRETTY_NAME') ?? `Linux ${release()}`,
    osType: 'linux',
    vmUuid: firmware('product_uuid'),
    manufacturer: firmware('sys_vendor'),
    model: firmware('product_name'),
    databaseServers: databaseServers(),
  };
}

/** Looking through every process of a machine is most of what a heartbeat costs it, and what is found rarely changes. Milliseconds. */
const lookMilliseconds = 10 * 60 * 1000;

/** The facts as of the last ten minutes, for somebody who asks again and again. `monotonic` is a clock that never jumps. */
export function rememberedFacts(monotonic: () => number): () => SystemFacts {
  let known: { readonly facts: SystemFacts; readonly until: number } | undefined;
  return () => {
    const now = monotonic();
    if (known === undefined || now >= known.until) known = { facts: systemFacts(), until: now + lookMilliseconds };
    return known.facts;
  };
}

function osRelease(): ReadonlyMap<string, string> {
  const text = textOf('/etc/os-release');
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')] as const];
    }),
  );
}

function firmware(name: string): string {
  return textOf(`/sys/class/dmi/id/${name}`).trim();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there, or only root may read it.
    return '';
  }
}
