import { DecodeError } from '../../src/protocol/cbor/decode-error.ts';
import { toHex } from '../../src/protocol/crypto/bytes.ts';
import { checkHello } from '../../src/protocol/handshake/check-hello.ts';
import type { ReceivedHello } from '../../src/protocol/handshake/hello.ts';
import {
  decodeEnvelope,
  type Envelope,
  encodeFrame,
  FLAG_ERROR,
  FLAG_RESPONSE,
} from '../../src/protocol/wire/envelope.ts';
import { errorTextOf, isError } from '../../src/protocol/wire/errors.ts';
import { MAX_FRAME } from '../../src/protocol/wire/limits.ts';
import {
  decodeReply,
  encodeRequest,
  MESSAGES,
  type ReplyOf,
  type RequestOf,
  type RequestType,
} from '../../src/protocol/wire/registry.ts';
import type { Caller } from './caller.ts';
import type { Frames, Received } from './frames.ts';
import { Mismatch, must, NotJudged } from './verdict.ts';

/** How long a reply or a close is waited for. */
export const REPLY_MS = 4_000;

/** What a node says that leaves a message of the network out. */
const NOT_SERVED = /not (served|supported)/;

/** A handshake that was finished, and requests on it. */
export class Session {
  readonly frames: Frames;
  readonly caller: Caller;
  readonly hello: ReceivedHello;
  #reqId = 1;

  constructor(frames: Frames, caller: Caller, hello: ReceivedHello) {
    this.frames = frames;
    this.caller = caller;
    this.hello = hello;
  }

  /** The next reply, decoded as an envelope and no further. */
  async reply(ms = REPLY_MS): Promise<Envelope> {
    const body = frameOf(await this.frames.next(ms), 'a reply');
    try {
      return decodeEnvelope(body, MAX_FRAME);
    } catch (error) {
      if (error instanceof DecodeError)
        throw new Mismatch('an envelope', `${error.message}: ${toHex(body.subarray(0, 40))}`);
      throw error;
    }
  }

  /** Any payload as a request, and the envelope that answers it: same number, response flag, as sections 2 and 6 want it. */
  async exchange(type: number, payload: Uint8Array, reqId = this.#reqId++, ms = REPLY_MS): Promise<Envelope> {
    this.frames.send(encodeFrame({ type, reqId, flags: 0, payload }));
    const reply = await this.reply(ms);
    must(reply.reqId === reqId, `req_id ${reqId}`, `req_id ${reply.reqId}`);
    must((reply.flags & FLAG_RESPONSE) !== 0, 'the response flag', `flags ${reply.flags}`);
    return reply;
  }

  /** Several requests of one type in one write; the replies are for the caller to read. */
  pipeline(
    type: number,
    requests: readonly { readonly reqId: number; readonly payload: Uint8Array }[],
  ): void {
    this.frames.send(Buffer.concat(requests.map((request) => encodeFrame({ type, flags: 0, ...request }))));
  }

  /** A request that must be answered, and what answers it. Skips the check where the target leaves the message out. */
  async ask<T extends RequestType>(type: T, value: RequestOf<T>, ms = REPLY_MS): Promise<ReplyOf<T>> {
    const reply = await this.exchange(type, encodeRequest(type, value), undefined, ms);
    return readReply(type, reply);
  }

  /** A request that must be refused: the text. */
  async refusal(type: number, payload: Uint8Array): Promise<string> {
    const reply = await this.exchange(type, payload);
    must(isError(reply), 'an error reply', describe(reply));
    must(reply.type === type, `the request's own type ${type} (section 7)`, `type ${reply.type}`);
    must(reply.flags === (FLAG_RESPONSE | FLAG_ERROR), 'flags 3', `flags ${reply.flags}`);
    return errorTextOf(reply);
  }

  /** A text that any node answers, to see that it goes on. */
  async stillServes(): Promise<void> {
    const reply = await this.exchange(65_000, new Uint8Array(0));
    must(isError(reply), 'an error reply to an unknown type', describe(reply));
  }
}

/** The decoded reply to a request of this type, of the right type and form. */
export function readReply<T extends RequestType>(type: T, reply: Envelope): ReplyOf<T> {
  const spec = MESSAGES[type];
  if (isError(reply)) {
    const text = errorTextOf(reply);
    if (NOT_SERVED.test(text)) throw new NotJudged(`the target says: ${text}`);
    throw new Mismatch(`a reply of type ${spec.replyType}`, `the error "${text}"`);
  }
  must(reply.type === spec.replyType, `a reply of type ${spec.replyType}`, describe(reply));
  try {
    return decodeReply(type, reply.payload);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new Mismatch(
      `a payload of ${spec.name}'s reply`,
      `${error.message}: ${toHex(reply.payload.subarray(0, 60))}`,
    );
  }
}

/** The hello in a frame, checked as an initiator checks it. */
export function helloOf(received: Received): ReceivedHello {
  const body = frameOf(received, 'a ServerHello');
  const hello = checkHello(body, Date.now() / 1000);
  if (typeof hello === 'string') throw new Mismatch('a valid ServerHello', `a hello with a fault: ${hello}`);
  return hello;
}

export function frameOf(received: Received, what: string): Buffer {
  if (received.kind === 'frame') return received.body;
  throw new Mismatch(what, received.kind === 'closed' ? 'the connection closed' : 'silence');
}

/** A frame, or its absence, in words. */
export function describe(reply: Envelope): string {
  if (isError(reply)) return `the error "${errorTextOf(reply)}"`;
  return `type ${reply.type}, flags ${reply.flags}, ${reply.payload.length} octets: ${toHex(reply.payload.subarray(0, 40))}`;
}
