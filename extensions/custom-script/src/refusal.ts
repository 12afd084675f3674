/** Something that the author of the settings has to change. The message is one sentence for them and holds no secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
