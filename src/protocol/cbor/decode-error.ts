/**
 * The one thing a decoder of this package throws, whatever the input. The message follows the wording of the
 * reference's decoder where that wording is visible on the wire (SCP2P wire, section 7).
 */
export class DecodeError extends Error {
  readonly code = 'E_DECODE';

  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

/** Message of the error for input that stops too early. */
export const UNEXPECTED_END = 'unexpected end';
