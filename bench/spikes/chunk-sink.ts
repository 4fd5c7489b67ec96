import { CHUNK, type ReceivePlan } from './chunk-frame.ts';

/** Where a connection's bytes go: the place for the next ones, and word of how many came. `false` pauses the socket. */
export interface Sink {
  place(): Uint8Array;
  received(count: number, place: Uint8Array): boolean;
}

/** One connection's own frame buffer; each full frame is hashed, compared and written before the next byte is taken. */
export function inPlace(plan: ReceivePlan, verify: (index: number, payload: Uint8Array) => void): Sink {
  const memory = Buffer.allocUnsafeSlow(plan.payloadAt + CHUNK).buffer;
  const from = plan.payloadAt - plan.preamble;
  const head = new DataView(memory, from);
  const payload = new Uint8Array(memory, plan.payloadAt, CHUNK);
  const whole = plan.preamble + CHUNK;
  let filled = 0;
  let unframed = 0;
  return {
    place: () => new Uint8Array(memory, from + filled, whole - filled),
    received(count) {
      filled += count;
      if (filled === whole) {
        filled = 0;
        verify(plan.preamble > 0 ? head.getUint32(0) : unframed++, payload);
      }
      return true;
    },
  };
}

/** Any receive buffer, copied on into the places of another sink. */
export function copying(sink: Sink): Sink['received'] {
  return (count, bytes) => {
    let more = true;
    for (let at = 0; at < count; ) {
      const place = sink.place();
      const step = Math.min(place.length, count - at);
      place.set(bytes.subarray(at, at + step));
      more = sink.received(step, place);
      at += step;
    }
    return more;
  };
}
