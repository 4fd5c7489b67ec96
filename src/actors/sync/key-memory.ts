import { type DhtContent, encodeTagged, parseDhtValue } from '../../protocol/objects/dht-value.ts';
import { createIdentityRegistry, type IdentityRegistry } from '../../protocol/objects/identity-registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { SyncContext } from './context.ts';

/** Rotations and revocations that this node has learnt, in this life and in former ones. */
export class KeyMemory {
  readonly registry: IdentityRegistry = createIdentityRegistry();
  readonly #context: SyncContext;
  #recalled = false;

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** Brings back what was learnt in former lives, once. Without the store it is tried again with the next share. */
  async recall(): Promise<void> {
    if (this.#recalled) return;
    for (const octets of await this.#context.refs.store.ask('keyRecords', null)) {
      const content = parseDhtValue(octets);
      if (content !== null) this.#add(content);
    }
    this.#recalled = true;
  }

  /** Takes a verified record, and keeps one that is news. False: it is another kind of value. */
  learn(content: DhtContent): boolean {
    const added = this.#add(content);
    if (added === null) return false;
    if (added) this.#keep(content);
    return true;
  }

  /** Whether it changed what is known; null: it is no such record. */
  #add(content: DhtContent): boolean | null {
    if (content.kind === 'key-revocation') return this.registry.addRevocation(content.value);
    if (content.kind === 'key-rotation') return this.registry.addRotation(content.value);
    return null;
  }

  #keep(content: DhtContent): void {
    const record =
      content.kind === 'key-rotation'
        ? encodeTagged('key-rotation', content.value)
        : content.kind === 'key-revocation'
          ? encodeTagged('key-revocation', content.value)
          : null;
    if (record === null) return;
    this.#context.spawn(async () => {
      try {
        await this.#context.refs.store.ask('keepKeyRecord', { record });
      } catch (error) {
        if (!(error instanceof ActorError)) throw error;
        // It is learnt again after the next start.
        this.#context.log.debug({ code: error.code }, 'a record of a key was not kept');
      }
    });
  }
}
