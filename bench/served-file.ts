import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { siblingModule } from '../src/supervisor/tree/module-url.ts';
import { folder, type NodeProcess } from './node-process.ts';
import { writeBytes } from './workplace.ts';

const CHUNK = 262_144;
const run = promisify(execFile);

/** One file that a node shares, and a peer of its own process that asks for every chunk of it and throws it away. */
export class ServedFile {
  readonly path: string;
  readonly size: number;
  readonly contentId: string;
  readonly port: number;
  /** Every fetch so far brought every byte. */
  whole = true;

  private constructor(path: string, size: number, contentId: string, port: number) {
    this.path = path;
    this.size = size;
    this.contentId = contentId;
    this.port = port;
  }

  static async publish(root: string, size: number, seeder: NodeProcess): Promise<ServedFile> {
    const path = join(await folder(root, 'source'), 'file.bin');
    await writeBytes(path, size);
    const { share_id } = await seeder.run<{ share_id: string }>('publish', path);
    const { items } = await seeder.run<{ items: { content_id: string }[] }>('items', share_id);
    return new ServedFile(path, size, items[0]!.content_id, seeder.port);
  }

  async fetchAll(): Promise<{ seconds: number; cpu: number }> {
    const chunks = Math.ceil(this.size / CHUNK);
    const client = fileURLToPath(siblingModule(import.meta.url, './chunk-client'));
    const args = [client, this.port, this.contentId, chunks].map(String);
    const { stdout } = await run(process.execPath, args);
    const got = JSON.parse(stdout) as { seconds: number; cpu: number; bytes: number };
    this.whole &&= got.bytes > this.size && got.bytes < this.size + chunks * 200;
    return got;
  }
}
