/** The local controls that a machine signed, held against what the control plane shows. Pure (T16). */
import { StatementNotTrusted, verifyStatement, type Statement } from '@sallyport/machine-statement';
import { CodedError } from '@sallyport/model';
import type { AgentConfiguration } from '@sallyport/model/wire';

/** A control, by the name that it has on the server: one row. */
export type ControlRow = readonly [name: string, value: string];

/**
 * The statement of the machine with this id, if it is one and agrees with what the control plane shows. Throws
 * {@link StatementNotTrusted}, or {@link CodedError} `StatementForeign` or `ControlsDiffer`.
 */
export function agreedStatement(
  text: string,
  vmId: string,
  resourceId: string,
  shown: AgentConfiguration | undefined,
): Statement {
  const { statement } = verified(text, vmId);
  if (statement.resourceId.toLowerCase() !== resourceId.toLowerCase())
    throw new CodedError(
      'StatementForeign',
      `The server signed that it is '${statement.resourceId}', not '${resourceId}'.`,
    );
  const differing = shown === undefined ? [] : differences(statement.agentConfiguration, shown);
  if (shown === undefined || differing.length > 0) {
    const said = differing.map(([name, signed, told]) => `${name} is '${signed}' on the server and '${told}' here`);
    const what = shown === undefined ? 'the control plane shows no local controls of it' : said.join('; ');
    throw new CodedError(
      'ControlsDiffer',
      `The server signed other local controls at ${statement.time} than the control plane shows: ${what}. A change of the last minute can look like this; if asking again does not help, believe the server ('azcmagent config list' there).`,
    );
  }
  return statement;
}

function verified(text: string, vmId: string): { readonly statement: Statement } {
  try {
    return verifyStatement(text, vmId);
  } catch (error) {
    if (!(error instanceof StatementNotTrusted)) throw error;
    throw new StatementNotTrusted(
      `What the control plane shows as signed by the machine with VM ID ${vmId} is not. ${error.message}`,
      { cause: error },
    );
  }
}

function differences(
  signed: AgentConfiguration,
  shown: AgentConfiguration,
): readonly (readonly [name: string, signed: string, shown: string])[] {
  const told = new Map(controlRows(shown));
  return controlRows(signed).flatMap(([name, value]) => {
    const other = told.get(name) ?? '';
    return other === value ? [] : [[name, value, other] as const];
  });
}

/** The controls as rows, by the names that they have on the server. An empty list shows as nothing. */
export function controlRows(controls: AgentConfiguration): readonly ControlRow[] {
  const list = (entries: AgentConfiguration['extensionsAllowList']): string =>
    entries.map(({ publisher, type }) => `${publisher}/${type}`).join(', ');
  return [
    ['config.mode', controls.configMode],
    ['extensions.enabled', controls.extensionsEnabled],
    ['extensions.allowlist', list(controls.extensionsAllowList)],
    ['extensions.blocklist', list(controls.extensionsBlockList)],
    ['guestconfiguration.enabled', controls.guestConfigurationEnabled],
    ['incomingconnections.ports', controls.incomingConnectionsPorts.join(', ')],
    ['proxy.url', controls.proxyUrl],
    ['proxy.bypass', controls.proxyBypass.join(', ')],
  ];
}

/** Who has to sign; the control plane is not told, so there is nothing to compare it with. */
export function signersRow(signers: Statement['signers']): ControlRow {
  if (signers === undefined) return ['extensions.signers', 'off'];
  const names = signers.signers.map(({ name, key }) => `${name}=${key}`);
  return ['extensions.signers', `${signers.needed} of ${names.join(', ')}`];
}
