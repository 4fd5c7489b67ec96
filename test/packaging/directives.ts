/** `NAME=value` lines of a unit by section, in order; remarks and empty lines are left out. */
export function unitOf(text: string): Map<string, [name: string, value: string][]> {
  const sections = new Map<string, [string, string][]>();
  let inside: [string, string][] = [];
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      inside = [];
      sections.set(header, inside);
    } else {
      const equals = line.indexOf('=');
      if (equals < 1) throw new Error(`no directive: ${line}`);
      inside.push([line.slice(0, equals), line.slice(equals + 1)]);
    }
  }
  return sections;
}

/** Instructions of a container file by stage, lines joined; remarks are left out. */
export function stagesOf(text: string): { from: string; instructions: [name: string, rest: string][] }[] {
  const stages: { from: string; instructions: [string, string][] }[] = [];
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`no instruction: ${line}`);
    if (name === 'FROM') stages.push({ from: rest, instructions: [] });
    else stages.at(-1)!.instructions.push([name, rest]);
  }
  return stages;
}
