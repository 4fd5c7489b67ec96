/** Collects chunks of several files in any order and gives them as few ranges: file, first chunk, count, and so on. */
export class WrittenRanges {
  readonly #byFile = new Map<number, number[]>();

  add(file: number, chunk: number): void {
    const chunks = this.#byFile.get(file);
    if (chunks === undefined) this.#byFile.set(file, [chunk]);
    else chunks.push(chunk);
  }

  /** What was added since the last time. */
  take(): number[] {
    const ranges: number[] = [];
    for (const [file, chunks] of this.#byFile) {
      chunks.sort((a, b) => a - b);
      for (let from = 0; from < chunks.length; ) {
        let to = from + 1;
        while (to < chunks.length && chunks[to] === chunks[from]! + (to - from)) to++;
        ranges.push(file, chunks[from]!, to - from);
        from = to;
      }
    }
    this.#byFile.clear();
    return ranges;
  }
}
