/** The configuration: one schema for file, environment and flags. Unknown keys are refused; a typo must not pass as a default. */
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { CodedError, messageOf } from '@sallyport/model';
import { readIdentityProviders, type IdentityProvider } from './identity/providers/identity-provider.ts';
import { PostgresAddressError, readPostgresAddress, type PostgresAddress } from './store/postgres/address.ts';

const port = z.coerce
  .number('is not a port number')
  .check(z.int('is not a port number'), z.minimum(0), z.maximum(65_535));
const wholeNumber = z.coerce.number('is not a number').check(z.int(), z.positive());

/** Every setting there is. The keys are those of the file; `stateDirectory` is `--state` and `SALLYPORT_STATE`. */
export const configurationSchema = z.strictObject({
  /** The state directory: absolute, or relative to where the program was started. */
  state: z.string().check(z.minLength(1)),
  port: port,
  host: z._default(z.string().check(z.minLength(1)), '127.0.0.1'),
  /** `postgres://…`; without one SQLite in the state directory. */
  store: z.optional(z.string().check(z.minLength(1))),
  /** A file with the password of the store, for an address without one. */
  storePasswordFile: z.optional(z.string().check(z.minLength(1))),
  /** The gallery directory; without one nothing can be installed. */
  gallery: z.optional(z.string().check(z.minLength(1))),
  /** How clients reach the control plane when that is not host and port: behind a proxy or under a name. */
  publicUrl: z.optional(
    z
      .string()
      .check(z.regex(/^https:\/\/[A-Za-z0-9.[\]:-]+$/, 'is not of the form https://host[:port], without a path')),
  ),
  /** Seconds between the signal to end and the end: those in front send clients elsewhere meanwhile. */
  drainSeconds: z._default(z.coerce.number('is not a number').check(z.int(), z.minimum(0), z.maximum(600)), 0),
  /** A file with the identity providers whose tokens are taken. */
  identityProviders: z.optional(z.string().check(z.minLength(1))),
  logLevel: z._default(z.enum(['info', 'warn', 'error']), 'info'),
  /** Rows on a page of a list when the client does not say. */
  pageSize: z._default(wholeNumber.check(z.maximum(1000)), 200),
});

type Settings = z.infer<typeof configurationSchema>;
type Key = keyof Settings;

export interface Configuration extends Omit<Settings, 'store' | 'storePasswordFile' | 'identityProviders'> {
  /** Whose tokens are taken besides our own. */
  readonly identityProviders: readonly IdentityProvider[];
  /** Where the database is when it is PostgreSQL. */
  readonly postgres: PostgresAddress | undefined;
}

/** How each setting is called on the command line and in the environment. A completeness test holds it to the schema. */
export const settingNames: Readonly<
  Record<Key, { readonly flag: string; readonly variable: string; readonly meaning: string }>
> = {
  state: { flag: 'state', variable: 'SALLYPORT_STATE', meaning: 'state directory; made on the first start' },
  port: { flag: 'port', variable: 'SALLYPORT_PORT', meaning: 'HTTPS port; 0 takes a free one' },
  host: { flag: 'host', variable: 'SALLYPORT_HOST', meaning: 'address to listen on (127.0.0.1)' },
  store: {
    flag: 'store',
    variable: 'SALLYPORT_STORE',
    meaning: 'postgres://user@host:5432/database; without one SQLite in the state directory',
  },
  storePasswordFile: {
    flag: 'store-password-file',
    variable: 'SALLYPORT_STORE_PASSWORD_FILE',
    meaning: "file with the store's password",
  },
  gallery: { flag: 'gallery', variable: 'SALLYPORT_GALLERY', meaning: 'gallery directory with catalog and packages' },
  publicUrl: {
    flag: 'public-url',
    variable: 'SALLYPORT_PUBLIC_URL',
    meaning: 'https://host[:port] under which clients reach it',
  },
  drainSeconds: {
    flag: 'drain-seconds',
    variable: 'SALLYPORT_DRAIN_SECONDS',
    meaning: 'seconds that /readyz says no before it ends (0)',
  },
  identityProviders: {
    flag: 'identity-providers',
    variable: 'SALLYPORT_IDENTITY_PROVIDERS',
    meaning: 'file with the OpenID Connect providers whose tokens are taken',
  },
  logLevel: { flag: 'log-level', variable: 'SALLYPORT_LOG_LEVEL', meaning: 'info, warn or error (info)' },
  pageSize: { flag: 'page-size', variable: 'SALLYPORT_PAGE_SIZE', meaning: 'rows on a page of a list (200)' },
};

/** A setting that cannot be used. The message names it and where it came from. */
export class ConfigurationError extends CodedError<'InvalidConfiguration'> {
  override readonly name = 'ConfigurationError';
  constructor(message: string, options?: ErrorOptions) {
    super('InvalidConfiguration', message, options);
  }
}

export interface Sources {
  /** Values by flag name. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The parsed file, if one was named. */
  readonly file: { readonly path: string; readonly content: unknown } | undefined;
}

/** Flags win over the environment, the environment over the file. Throws {@link ConfigurationError}. */
export function readConfiguration(sources: Sources): Configuration {
  const values: Record<string, unknown> = {};
  const from: Record<string, string> = {};
  const { file } = sources;
  if (file !== undefined) {
    if (typeof file.content !== 'object' || file.content === null || Array.isArray(file.content)) {
      throw new ConfigurationError(`The configuration file '${file.path}' must hold a JSON object.`);
    }
    for (const [key, value] of Object.entries(file.content)) {
      if (!Object.hasOwn(settingNames, key)) throw unknown(`'${key}' in '${file.path}'`, Object.keys(settingNames));
      values[key] = value;
      from[key] = `'${key}' in '${file.path}'`;
    }
  }
  const variables = new Map(Object.entries(settingNames).map(([key, { variable }]) => [variable, key]));
  for (const [variable, value] of Object.entries(sources.environment)) {
    if (!variable.startsWith('SALLYPORT_') || value === undefined) continue;
    const key = variables.get(variable);
    if (key === undefined) throw unknown(`the environment variable '${variable}'`, [...variables.keys()]);
    values[key] = value;
    from[key] = `the environment variable '${variable}'`;
  }
  const flags = new Map(Object.entries(settingNames).map(([key, { flag }]) => [flag, key]));
  for (const [flag, value] of sources.flags) {
    const key = flags.get(flag);
    if (key === undefined)
      throw unknown(
        `--${flag}`,
        [...flags.keys()].map((name) => `--${name}`),
      );
    values[key] = value;
    from[key] = `--${flag}`;
  }
  for (const key of ['state', 'port'] as const) {
    if (values[key] === undefined)
      throw new ConfigurationError(`--${settingNames[key].flag} is missing: ${settingNames[key].meaning}.`);
  }
  const result = configurationSchema.safeParse(values);
  if (!result.success) {
    const issue = result.error.issues[0];
    const key = String(issue?.path[0] ?? '');
    throw new ConfigurationError(
      `The value of ${from[key] ?? key} cannot be used: ${issue?.message ?? 'unknown reason'}.`,
    );
  }
  const { gallery, store, storePasswordFile, identityProviders, ...rest } = result.data;
  return {
    ...rest,
    postgres: postgresOf(store, storePasswordFile, from),
    identityProviders: providersOf(identityProviders, from),
    state: resolve(result.data.state),
    ...(gallery === undefined ? {} : { gallery: resolve(gallery) }),
  };
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

function unknown(what: string, known: readonly string[]): ConfigurationError {
  return new ConfigurationError(`There is no setting ${what}. The settings are ${known.join(', ')}.`);
}
