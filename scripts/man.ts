import { writeFileSync } from 'node:fs';
import { buildProgram } from '../src/cli/program.ts';
import { manPage } from './man-page.ts';

// Run after a change of the commands; a test holds the page against them.
writeFileSync(new URL('../man/granary.1', import.meta.url), manPage(buildProgram({ run: async () => {} })));
