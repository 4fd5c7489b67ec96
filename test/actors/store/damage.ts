import { open } from 'node:fs/promises';

/** Turns one bit of a file over, as a bad disk does. */
export async function damage(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const octet = Buffer.alloc(1);
    await file.read(octet, 0, 1, size >> 1);
    octet[0] = octet[0]! ^ 1;
    await file.write(octet, 0, 1, size >> 1);
  } finally {
    await file.close();
  }
}
