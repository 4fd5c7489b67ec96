import { Session } from 'node:inspector';

/** Memory of all threads of this process that something still refers to: bytes. */
export interface CollectedMemory {
  readonly threads: number;
  /** JavaScript heaps. */
  readonly heap: number;
  /** What lies outside of them and hangs on them: Buffers. */
  readonly buffers: number;
}

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

/** Has every thread collect its garbage, as an inspector would, and adds up what is left. */
export async function collectedMemory(): Promise<CollectedMemory> {
  const session = new Session();
  session.connect();
  const post = (method: string, params: object = {}) =>
    new Promise<unknown>((resolve, reject) => {
      session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)));
    });
  const waiting = new Map<string, (usage: HeapUsage) => void>();
  const usages: Promise<HeapUsage>[] = [];
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
    usages.push(
      new Promise((resolve) => {
        waiting.set(sessionId, resolve);
      }),
    );
    for (const [id, method] of ['HeapProfiler.collectGarbage', 'Runtime.getHeapUsage'].entries())
      void post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method }) });
  });
  session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) =>
    waiting.get(sessionId)?.({ usedSize: 0, backingStorageSize: 0 }),
  );
  session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
    const { id, result } = JSON.parse(message) as { id: number; result: HeapUsage };
    if (id === 1) waiting.get(sessionId)?.(result);
  });
  try {
    await post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    await post('HeapProfiler.collectGarbage');
    const own = (await post('Runtime.getHeapUsage')) as HeapUsage;
    const all = [own, ...(await Promise.all(usages))];
    return {
      threads: all.length,
      heap: all.reduce((sum, { usedSize }) => sum + usedSize, 0),
      buffers: all.reduce((sum, { backingStorageSize }) => sum + backingStorageSize, 0),
    };
  } finally {
    await post('NodeWorker.disable').catch(() => {});
    session.disconnect();
  }
}
