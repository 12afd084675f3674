import { CodedError } from '@sallyport/model';

/** What claims to be signed by a machine is not. The message says what is wrong with it. */
export class StatementNotTrusted extends CodedError<'StatementNotTrusted'> {
  override readonly name = 'StatementNotTrusted';
  constructor(message: string, options?: ErrorOptions) {
    super('StatementNotTrusted', message, options);
  }
}
