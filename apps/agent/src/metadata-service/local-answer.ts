/** Answers of the local endpoint. Refusals have the form that clients of instance metadata services read. */

export interface LocalAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A refusal: a code for programs and a sentence for people. */
export function refusal(status: number, error: string, description: string): LocalAnswer {
  return { status, body: { error, error_description: description } };
}

/** The request is not one that can be answered. */
export function badRequest(description: string): LocalAnswer {
  return refusal(400, 'invalid_request', description);
}
