/** What tells one request from another, in answers, logs and the activity log. */
export interface RequestIds {
  readonly requestId: string;
  readonly correlationId: string;
  readonly clientRequestId: string;
  readonly clientIpAddress: string;
}

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The ids of a request; `fresh` where the client sends none. */
export function requestIds(fresh: string, request: Request, clientIpAddress: string): RequestIds {
  const given = (name: string): string | undefined => {
    const value = request.headers.get(name) ?? '';
    return guid.test(value) ? value.toLowerCase() : undefined;
  };
  return {
    requestId: fresh,
    correlationId: given('x-ms-correlation-request-id') ?? fresh,
    clientRequestId: given('x-ms-client-request-id') ?? '',
    clientIpAddress,
  };
}
