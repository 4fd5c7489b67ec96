import type { Suite, TranscriptSuite } from '../suite.ts';
import { cborTable } from './cbor-table.ts';
import { leniency } from './leniency.ts';
import { messages } from './messages.ts';
import { transcriptObjects } from './transcript-objects.ts';
import { transcripts } from './transcripts.ts';

/** Every suite for sections of vector files. */
export const SUITES: readonly Suite[] = [messages, cborTable, leniency];

/** Every suite for transcripts. */
export const TRANSCRIPT_SUITES: readonly TranscriptSuite[] = [transcripts, transcriptObjects];
