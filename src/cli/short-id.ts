/** The beginning of an id, long enough to name it to this node. */
export const shortId = (id: string): string => id.slice(0, 16);
