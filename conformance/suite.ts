/** Where a suite says how its cases went. Every case must end in exactly one of the three. */
export interface Report {
  pass(): void;
  fail(name: string, expected: string, got: string): void;
  /** For what cannot be judged here; the name says what it was. */
  skip(name: string): void;
  /** Passes if both texts are the same. */
  equal(name: string, expected: string, got: string): void;
  /** Runs one case; whatever it throws fails this case and no other. */
  attempt(name: string, run: () => void): void;
}

export interface SuiteContext {
  /** The file the section is from, for messages. */
  readonly file: string;
}

/** Checks sections of vector files. */
export interface Suite {
  readonly name: string;
  /** Group and name of the sections it takes, e.g. `generated.messages` or `from_source.id_derivation`. */
  readonly sections: readonly string[];
  /** Throws when the section is not of the form it should have: that is a failure. */
  run(section: string, value: unknown, report: Report, context: SuiteContext): void | Promise<void>;
}

/** Checks one recorded exchange. */
export interface TranscriptSuite {
  readonly name: string;
  runTranscript(transcript: unknown, report: Report, context: SuiteContext): void | Promise<void>;
}
