/** The configuration: one schema for file, environment and flags. Unknown keys are refused; a typo must not pass as a default. */
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { CodedError, messageOf } from '@sallyport/model';
import { readIdentityProviders, type IdentityProvider } from './identity/providers/identity-provider.ts';
import { readOutboundEntries, type OutboundEntry } from './outbound/outbound-rule.ts';
import { PostgresAddressError, readPostgresAddress, type PostgresAddress } from './store/postgres/address.ts';

const port = z.coerce.number().check(z.int(), z.minimum(0), z.maximum(65_535));
const rate = z.coerce.number().check(z.minimum(0), z.maximum(1_000_000));
const text = z.string().check(z.minLength(1));

/** Every setting there is. The keys are those of the file; what each takes, in words, is in {@link settingNames}. */
export const configurationSchema = z.strictObject({
  /** The state directory: absolute, or relative to where the program was started. */
  state: text,
  port,
  host: z._default(text, '127.0.0.1'),
  /** `postgres://…`; without one SQLite in the state directory. */
  store: z.optional(text),
  /** A file with the password of the store, for an address without one. */
  storePasswordFile: z.optional(text),
  /** The gallery directory; without one nothing can be installed. */
  gallery: z.optional(text),
  /** How clients reach the control plane when that is not host and port: behind a proxy or under a name. */
  publicUrl: z.optional(z.string().check(z.regex(/^https:\/\/[A-Za-z0-9.[\]:-]+$/))),
  /** A Unix socket on which a proxy of this machine, which ends TLS, finds it in plain HTTP. */
  proxySocket: z.optional(z.string().check(z.regex(/^\/[^\0]{1,100}$/))),
  /** Seconds between the signal to end and the end: those in front send clients elsewhere meanwhile. */
  drainSeconds: z._default(z.coerce.number().check(z.int(), z.minimum(0), z.maximum(600)), 0),
  /** A file with the identity providers whose tokens are taken. */
  identityProviders: z.optional(text),
  /** Hosts and networks that are not of the public internet and may be asked all the same. */
  outboundAllow: z._default(z.string(), ''),
  logLevel: z._default(z.enum(['info', 'warn', 'error']), 'info'),
  /** Rows on a page of a list when the client does not say. */
  pageSize: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(1000)), 200),
  /** Requests a second that one principal may make for ever; a burst may take a hundred times as many. 0 for no limit. */
  readsPerSecond: z._default(rate, 500),
  writesPerSecond: z._default(rate, 200),
  /** How late the event loop may be before some are asked to come again later. 0 for never. */
  overloadMilliseconds: z._default(z.coerce.number().check(z.int(), z.minimum(0), z.maximum(600_000)), 2000),
  /** How many days events of the activity log are kept; 0 for ever. */
  activityLogDays: z._default(z.coerce.number().check(z.int(), z.minimum(0), z.maximum(36_500)), 0),
  /** A directory that the activity log is exported to as it grows. */
  activityLogExport: z.optional(text),
  /** Where `/metrics` is; without one nowhere. */
  metricsPort: z.optional(port),
  metricsHost: z._default(text, '127.0.0.1'),
  /** Where spans are sent. */
  tracesUrl: z.optional(z.string().check(z.regex(/^https?:\/\/[^\s@?#]+$/))),
});

type Settings = z.infer<typeof configurationSchema>;
type Key = keyof Settings;

export interface Configuration extends Omit<
  Settings,
  'store' | 'storePasswordFile' | 'identityProviders' | 'outboundAllow'
> {
  readonly outboundAllow: readonly OutboundEntry[];
  /** Whose tokens are taken besides our own. */
  readonly identityProviders: readonly IdentityProvider[];
  /** Where the database is when it is PostgreSQL. */
  readonly postgres: PostgresAddress | undefined;
}

export interface SettingName {
  readonly flag: string;
  readonly variable: string;
  /** For the help text, with the default. */
  readonly meaning: string;
  /** What a value has to be: the end of the sentence about one that is not. */
  readonly accepts: string;
}

/** How each setting is called on the command line and in the environment. A completeness test holds it to the schema and the reference. */
export const settingNames: Readonly<Record<Key, SettingName>> = {
  state: {
    flag: 'state',
    variable: 'SALLYPORT_STATE',
    meaning: 'state directory; made on the first start',
    accepts: 'the path of a directory',
  },
  port: {
    flag: 'port',
    variable: 'SALLYPORT_PORT',
    meaning: 'HTTPS port; 0 takes a free one',
    accepts: 'a whole number from 0 to 65535',
  },
  host: {
    flag: 'host',
    variable: 'SALLYPORT_HOST',
    meaning: 'address to listen on (127.0.0.1)',
    accepts: 'an address of this machine, or 0.0.0.0 for all',
  },
  store: {
    flag: 'store',
    variable: 'SALLYPORT_STORE',
    meaning: 'postgres://user@host:5432/database; without one SQLite in the state directory',
    accepts: 'an address of the form postgres://user@host:5432/database',
  },
  storePasswordFile: {
    flag: 'store-password-file',
    variable: 'SALLYPORT_STORE_PASSWORD_FILE',
    meaning: "file with the store's password",
    accepts: 'the path of a file',
  },
  gallery: {
    flag: 'gallery',
    variable: 'SALLYPORT_GALLERY',
    meaning: 'gallery directory with catalog and packages',
    accepts: 'the path of a directory',
  },
  publicUrl: {
    flag: 'public-url',
    variable: 'SALLYPORT_PUBLIC_URL',
    meaning: 'https://host[:port] under which clients reach it',
    accepts: 'an address of the form https://host[:port], without a path',
  },
  proxySocket: {
    flag: 'proxy-socket',
    variable: 'SALLYPORT_PROXY_SOCKET',
    meaning: 'Unix socket for a proxy on this machine that ends TLS; plain HTTP',
    accepts: 'the absolute path of a socket, at most 100 characters after the first',
  },
  drainSeconds: {
    flag: 'drain-seconds',
    variable: 'SALLYPORT_DRAIN_SECONDS',
    meaning: 'seconds that /readyz says no before it ends (0)',
    accepts: 'a whole number from 0 to 600',
  },
  outboundAllow: {
    flag: 'outbound-allow',
    variable: 'SALLYPORT_OUTBOUND_ALLOW',
    meaning: 'inner hosts and networks that may be asked, as in idp.example.org,10.0.0.0/8 (none)',
    accepts: 'host names, addresses or networks, separated by commas, as in idp.example.org,10.0.0.0/8',
  },
  logLevel: {
    flag: 'log-level',
    variable: 'SALLYPORT_LOG_LEVEL',
    meaning: 'info, warn or error (info)',
    accepts: 'info, warn or error',
  },
  pageSize: {
    flag: 'page-size',
    variable: 'SALLYPORT_PAGE_SIZE',
    meaning: 'rows on a page of a list (200)',
    accepts: 'a whole number from 1 to 1000',
  },
  readsPerSecond: {
    flag: 'reads-per-second',
    variable: 'SALLYPORT_READS_PER_SECOND',
    meaning: 'ARM reads a second of one principal (500), a hundred times as many at once; 0 for no limit',
    accepts: 'a number from 0 to 1000000',
  },
  writesPerSecond: {
    flag: 'writes-per-second',
    variable: 'SALLYPORT_WRITES_PER_SECOND',
    meaning:
      'ARM writes a second of one principal, and as many deletions (200), a hundred times as many at once; 0 for no limit',
    accepts: 'a number from 0 to 1000000',
  },
  overloadMilliseconds: {
    flag: 'overload-milliseconds',
    variable: 'SALLYPORT_OVERLOAD_MILLISECONDS',
    meaning: 'how late the process may be before some are asked to come again later (2000); 0 for never',
    accepts: 'a whole number from 0 to 600000',
  },
  activityLogDays: {
    flag: 'activity-log-days',
    variable: 'SALLYPORT_ACTIVITY_LOG_DAYS',
    meaning: 'days that events of the activity log are kept (0: for ever)',
    accepts: 'a whole number from 0 to 36500',
  },
  activityLogExport: {
    flag: 'activity-log-export',
    variable: 'SALLYPORT_ACTIVITY_LOG_EXPORT',
    meaning: 'directory that the activity log is exported to as it grows',
    accepts: 'the path of a directory',
  },
  metricsPort: {
    flag: 'metrics-port',
    variable: 'SALLYPORT_METRICS_PORT',
    meaning: 'port of /metrics, plain HTTP; without one there is none; 0 takes a free one',
    accepts: 'a whole number from 0 to 65535',
  },
  metricsHost: {
    flag: 'metrics-host',
    variable: 'SALLYPORT_METRICS_HOST',
    meaning: 'address that /metrics listens on (127.0.0.1)',
    accepts: 'an address of this machine, or 0.0.0.0 for all',
  },
  tracesUrl: {
    flag: 'traces-url',
    variable: 'SALLYPORT_TRACES_URL',
    meaning: 'where traces are sent, OTLP over HTTP; without one nowhere',
    accepts: 'an address of the form http://host:4318/v1/traces, without a name, a password or a query',
  },
  identityProviders: {
    flag: 'identity-providers',
    variable: 'SALLYPORT_IDENTITY_PROVIDERS',
    meaning: 'file with the OpenID Connect providers whose tokens are taken',
    accepts: 'the path of a file',
  },
};

/** Settings that cannot be used: a sentence for each, with what is wrong, where it came from and what to give instead. Values are not told. */
export class ConfigurationError extends CodedError<'InvalidConfiguration'> {
  override readonly name = 'ConfigurationError';
  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    super('InvalidConfiguration', typeof problems === 'string' ? problems : problems.join('\n'), options);
  }
}

export interface Sources {
  /** Values by flag name. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The parsed file, if one was named. */
  readonly file: { readonly path: string; readonly content: unknown } | undefined;
}

/** Flags win over the environment, the environment over the file. Throws {@link ConfigurationError} with everything that is wrong. */
export function readConfiguration(sources: Sources): Configuration {
  const { values, from, problems } = gather(sources);
  for (const key of ['state', 'port'] as const) {
    const { flag, variable, meaning } = settingNames[key];
    if (values[key] === undefined) problems.push(`--${flag} is missing: ${meaning}. Give it, or set ${variable}.`);
  }
  const result = configurationSchema.safeParse(values);
  for (const key of new Set(result.error?.issues.map(({ path }) => path[0]))) {
    if (!isKey(key) || values[key] === undefined) continue;
    problems.push(`The value of ${from[key] ?? key} cannot be used: give ${settingNames[key].accepts}.`);
  }
  if (!result.success) throw new ConfigurationError(problems);
  const { gallery, store, storePasswordFile, identityProviders, activityLogExport, outboundAllow, ...rest } =
    result.data;
  const read = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const postgres = read(() => postgresOf(store, storePasswordFile, from));
  const providers = read(() => providersOf(identityProviders, from));
  const allowed = readOutboundEntries(outboundAllow);
  if (allowed === undefined)
    problems.push(
      `The value of ${from['outboundAllow'] ?? ''} cannot be used: give ${settingNames.outboundAllow.accepts}.`,
    );
  if (providers === undefined || allowed === undefined || problems.length > 0) throw new ConfigurationError(problems);
  return {
    ...rest,
    postgres,
    identityProviders: providers,
    outboundAllow: allowed,
    state: resolve(result.data.state),
    ...(gallery === undefined ? {} : { gallery: resolve(gallery) }),
    ...(activityLogExport === undefined ? {} : { activityLogExport: resolve(activityLogExport) }),
  };
}

interface Gathered {
  readonly values: Record<string, unknown>;
  /** Where each value came from, in words. */
  readonly from: Record<string, string>;
  readonly problems: string[];
}

function gather({ file, environment, flags }: Sources): Gathered {
  const values: Record<string, unknown> = {};
  const from: Record<string, string> = {};
  const problems: string[] = [];
  const take = (key: string | undefined, value: unknown, where: string, known: readonly string[]): void => {
    if (key === undefined) {
      problems.push(`There is no setting ${where}. The settings are ${known.join(', ')}.`);
      return;
    }
    values[key] = value;
    from[key] = where;
  };
  const entries = Object.entries(settingNames);
  if (file !== undefined) {
    const { content, path } = file;
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      problems.push(`The configuration file '${path}' must hold a JSON object: write { "port": 8443, … }.`);
    } else {
      for (const [key, value] of Object.entries(content)) {
        take(isKey(key) ? key : undefined, value, `'${key}' in '${path}'`, Object.keys(settingNames));
      }
    }
  }
  const variables = new Map(entries.map(([key, { variable }]) => [variable, key]));
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('SALLYPORT_') || value === undefined || ofOtherPrograms.has(variable)) continue;
    take(variables.get(variable), value, `the environment variable '${variable}'`, [...variables.keys()]);
  }
  const byFlag = new Map(entries.map(([key, { flag }]) => [flag, key]));
  for (const [flag, value] of flags) {
    take(
      byFlag.get(flag),
      value,
      `--${flag}`,
      [...byFlag.keys()].map((name) => `--${name}`),
    );
  }
  return { values, from, problems };
}

/** Variables with our prefix that the operator's command line reads: they may be set where a control plane is started. */
const ofOtherPrograms: ReadonlySet<string> = new Set(['SALLYPORT_CONNECTION']);

function isKey(name: unknown): name is Key {
  return typeof name === 'string' && Object.hasOwn(settingNames, name);
}

/** The store of a command that reads nothing else: its flags, else environment variables. */
export function readStore(
  flags: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): PostgresAddress | undefined {
  const from: Record<string, string> = {};
  const valueOf = (key: 'store' | 'storePasswordFile'): string | undefined => {
    const { flag, variable } = settingNames[key];
    const given = flags.get(flag);
    from[key] = given === undefined ? `the environment variable '${variable}'` : `--${flag}`;
    return given ?? environment[variable];
  };
  return postgresOf(valueOf('store'), valueOf('storePasswordFile'), from);
}

function providersOf(file: string | undefined, from: Readonly<Record<string, string>>): readonly IdentityProvider[] {
  if (file === undefined) return [];
  try {
    return readIdentityProviders(resolve(file));
  } catch (error) {
    throw new ConfigurationError(
      `The value of ${from['identityProviders'] ?? ''} cannot be used: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function postgresOf(
  store: string | undefined,
  passwordFile: string | undefined,
  from: Readonly<Record<string, string>>,
): PostgresAddress | undefined {
  if (store === undefined) {
    if (passwordFile === undefined) return undefined;
    throw new ConfigurationError(`The value of ${from['storePasswordFile'] ?? ''} has no use without --store.`);
  }
  let address: PostgresAddress;
  try {
    address = readPostgresAddress(store, passwordFile);
  } catch (error) {
    if (!(error instanceof PostgresAddressError)) throw error;
    throw new ConfigurationError(`The value of ${from['store'] ?? ''} cannot be used: ${error.message}`, {
      cause: error,
    });
  }
  // Everybody on this machine can read the arguments of its processes (T52).
  if (from['store'] === '--store' && passwordFile === undefined && address.password !== undefined)
    throw new ConfigurationError(
      'The password of the store cannot stand in --store, where every user of this machine can read it: use --store-password-file, or SALLYPORT_STORE, or the configuration file.',
    );
  return address;
}
