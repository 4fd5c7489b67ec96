const TWO_32 = 0x1_0000_0000;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * Writes the CBOR of SCP2P wire, section 1: shortest integers, definite lengths, keys in the order they are written.
 * Values that CBOR of this network cannot carry (negative, fractional, above 64 bits) throw RangeError: they can only
 * come from our own code.
 */
export class Writer {
  #buffer: Buffer;
  #view: DataView;
  #length = 0;

  /** @param capacity first size of the buffer in bytes; it doubles when full */
  constructor(capacity = 512) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacity, 16));
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  uint(value: number | bigint): this {
    if (typeof value === 'bigint') return this.#head64(0x00, value);
    return this.#head(0x00, value);
  }

  /** An integer of either sign, for the fields that the reference passes through a signed type. */
  int(value: bigint): this {
    return value < 0n ? this.#head64(0x20, -1n - value) : this.#head64(0x00, value);
  }

  bytes(value: Uint8Array): this {
    this.#head(0x40, value.length);
    return this.raw(value);
  }

  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.#head(0x60, length);
    this.#reserve(length);
    this.#buffer.write(value, this.#length, 'utf8');
    this.#length += length;
    return this;
  }

  /** Opens an array of `count` items; the caller writes them next. */
  array(count: number): this {
    return this.#head(0x80, count);
  }

  /** Opens a map of `count` entries; the caller writes key, value, key, value ... next. */
  map(count: number): this {
    return this.#head(0xa0, count);
  }

  bool(value: boolean): this {
    return this.#octet(value ? 0xf5 : 0xf4);
  }

  null(): this {
    return this.#octet(0xf6);
  }

  /** The network's form of a fixed array of octets: an array of that many small integers. */
  byteArray(value: Uint8Array): this {
    this.#head(0x80, value.length);
    this.#reserve(value.length * 2);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let i = 0; i < value.length; i++) {
      const octet = value[i]!;
      if (octet >= 24) buffer[at++] = 0x18;
      buffer[at++] = octet;
    }
    this.#length = at;
    return this;
  }

  /** Appends bytes as they are: an item that is encoded already. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** The encoded bytes, as a view on a buffer that nobody else holds. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, 0, this.#length);
  }

  /** The encoded bytes in a buffer of their own; the writer may be used on. */
  copy(): Uint8Array {
    const octets = Buffer.allocUnsafeSlow(this.#length);
    this.#buffer.copy(octets, 0, 0, this.#length);
    return new Uint8Array(octets.buffer);
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0;
  }

  #octet(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  #head(major: number, value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${value}`);
    this.#reserve(9);
    const at = this.#length;
    if (value < 24) {
      this.#buffer[at] = major | value;
      this.#length = at + 1;
    } else if (value < 0x100) {
      this.#buffer[at] = major | 24;
      this.#buffer[at + 1] = value;
      this.#length = at + 2;
    } else if (value < 0x1_0000) {
      this.#buffer[at] = major | 25;
      this.#view.setUint16(at + 1, value);
      this.#length = at + 3;
    } else if (value < TWO_32) {
      this.#buffer[at] = major | 26;
      this.#view.setUint32(at + 1, value);
      this.#length = at + 5;
    } else {
      this.#buffer[at] = major | 27;
      this.#view.setBigUint64(at + 1, BigInt(value));
      this.#length = at + 9;
    }
    return this;
  }

  #head64(major: number, value: bigint): this {
    if (value < 0n || value > U64_MAX) throw new RangeError(`not a 64-bit unsigned integer: ${value}`);
    if (value < TWO_32) return this.#head(major, Number(value));
    this.#reserve(9);
    this.#buffer[this.#length] = major | 27;
    this.#view.setBigUint64(this.#length + 1, value);
    this.#length += 9;
    return this;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + count));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }
}
