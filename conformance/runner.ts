import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { dataFolder } from './data-folder.ts';
import { asObject } from './json.ts';
import type { Suite } from './suite.ts';
import { SUITES, TRANSCRIPT_SUITES } from './suites/index.ts';
import { type Failure, type SuiteResult, Tally } from './tally.ts';

export type { Failure, SuiteResult } from './tally.ts';

export interface ConformanceOptions {
  /** Files of vectors, of the form of those in conformance/vectors. */
  readonly vectors?: readonly string[];
  /** Folders of transcripts; folders inside them are read too. */
  readonly transcripts?: readonly string[];
}

export interface ConformanceResult {
  readonly suites: readonly SuiteResult[];
  readonly failures: readonly Failure[];
}

const GROUPS = ['from_source', 'generated'];

/**
 * Checks this implementation against recorded facts: those named, or, when nothing is named, all that come with the
 * package. A section that no suite knows counts as skipped under its own name; a file or a section that is not of the
 * right form is a failure, as is a known section without a case.
 */
export async function runConformance(options: ConformanceOptions = {}): Promise<ConformanceResult> {
  const shipped = options.vectors === undefined && options.transcripts === undefined;
  const vectors = shipped ? await jsonFiles(dataFolder('vectors')) : (options.vectors ?? []);
  const folders = shipped ? [dataFolder('transcripts')] : (options.transcripts ?? []);
  const tally = new Tally();
  for (const path of vectors) await runVectors(path, tally);
  for (const folder of folders) {
    for (const path of await jsonFiles(folder)) await runTranscript(path, folder, tally);
  }
  return { suites: tally.results(), failures: tally.failures };
}

async function runVectors(path: string, tally: Tally): Promise<void> {
  const file = basename(path);
  const content = await load(path, file, tally);
  for (const [group, sections] of Object.entries(content ?? {})) {
    if (group.startsWith('_')) continue;
    if (!GROUPS.includes(group)) {
      tally.report(group, file).skip('unknown group');
      continue;
    }
    const entries = typeof sections === 'object' && sections !== null ? Object.entries(sections) : [];
    for (const [name, value] of entries) {
      if (!name.startsWith('_')) await runSection(`${group}.${name}`, value, file, tally);
    }
  }
}

async function runSection(section: string, value: unknown, file: string, tally: Tally): Promise<void> {
  const suites = SUITES.filter((suite) => suite.sections.includes(section));
  if (suites.length === 0) tally.report(section, file).skip('unknown section');
  for (const suite of suites) await runSuite(suite, section, value, file, tally);
}

async function runSuite(
  suite: Suite,
  section: string,
  value: unknown,
  file: string,
  tally: Tally,
): Promise<void> {
  const report = tally.report(suite.name, file);
  try {
    await suite.run(section, value, report, { file });
    if (report.cases() === 0) report.fail(section, 'at least one case', 'none');
  } catch (error) {
    report.fail(section, 'a section of the known form', String(error));
  }
}

async function runTranscript(path: string, folder: string, tally: Tally): Promise<void> {
  const file = path.slice(folder.length + 1);
  const transcript = await load(path, file, tally);
  if (transcript === null) return;
  for (const suite of TRANSCRIPT_SUITES) {
    const report = tally.report(suite.name, file);
    try {
      await suite.runTranscript(transcript, report, { file });
    } catch (error) {
      report.fail('transcript', 'a transcript of the known form', String(error));
    }
  }
}

async function load(path: string, file: string, tally: Tally) {
  try {
    return asObject(JSON.parse(await readFile(path, 'utf8')), file);
  } catch (error) {
    tally.report('files', file).fail(path, 'a JSON object', String(error));
    return null;
  }
}

async function jsonFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
