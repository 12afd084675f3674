/** Where the pages are that people open themselves. */
export const devicePagePath = '/device';
export const passwordPagePath = '/password';
/** Where the link of an identity provider leads, and where the provider sends the browser back. */
export const providerPath = '/signin/provider';
export const providerAnswerPath = '/signin/answer';
