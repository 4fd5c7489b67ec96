export interface Body {
  readonly n: number;
  readonly id: string;
}

/** What crosses: as small as the messages of the node mostly are. */
export const body = (n: number): Body => ({ n, id: '4a1f9c27e05d' });

/** Messages in one post of the raw port, and calls in flight of everybody. */
export const BATCH = 64;
