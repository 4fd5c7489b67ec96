import { writeFileSync } from 'node:fs';
import { configReference } from './config-reference.ts';

// Run after a change of the settings; a test holds the page against them.
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configReference());
