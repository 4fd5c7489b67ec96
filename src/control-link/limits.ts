/** Version of the conversation on the control socket; clients and nodes with one major understand each other. */
export const API_VERSION = '1.0';
export const API_MAJOR = 1;

/** A request carries paths and words, an answer a page of rows. */
export const MAX_REQUEST_FRAME = 8 * 2 ** 20;
export const MAX_ANSWER_FRAME = 64 * 2 ** 20;
