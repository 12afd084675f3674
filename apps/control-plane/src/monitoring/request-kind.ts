/** What a request is about, in a few words that can be a label: paths hold names that anybody chooses, and are without number. Pure. */
export type RequestKind =
  | 'heartbeat'
  | 'goal-state'
  | 'reports'
  | 'keys'
  | 'statements'
  | 'channel'
  | 'token'
  | 'discovery'
  | 'catalog'
  | 'package'
  | 'health'
  | 'arm';

/** The first that fits. */
const kinds: readonly (readonly [RegExp, RequestKind])[] = [
  [/^\/agent\/v1\/machines\/[^/]+\/heartbeat$/, 'heartbeat'],
  [/^\/agent\/v1\/machines\/[^/]+\/goal-state$/, 'goal-state'],
  [/^\/agent\/v1\/machines\/[^/]+\/reports$/, 'reports'],
  [/^\/agent\/v1\/machines\/[^/]+\/keys$/, 'keys'],
  [/^\/agent\/v1\/machines\/[^/]+\/statements$/, 'statements'],
  [/^\/agent\/v1\/machines\/[^/]+\/channel$/, 'channel'],
  [/\/oauth2\/(?:v2\.0\/)?token$/, 'token'],
  [/\/\.well-known\/|\/discovery\/|^\/metadata\/endpoints$/, 'discovery'],
  [/^\/catalog\//, 'catalog'],
  [/^\/packages\//, 'package'],
  [/^\/(?:healthz|readyz)$/, 'health'],
];

/** The kind of a path; whatever is nothing else is taken for ARM, as the router does. */
export function requestKind(path: string): RequestKind {
  return kinds.find(([form]) => form.test(path))?.[1] ?? 'arm';
}
