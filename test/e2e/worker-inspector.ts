import { once } from 'node:events';

interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly title: string };
}

/**
 * Throws an error in the thread of that actor of a process that was started with `--inspect`: outside of every handler, as
 * a bug in a callback does. Then hangs up, since a process does not end while somebody looks into it.
 */
export async function throwInActor(inspectorPort: number, actor: string): Promise<void> {
  const list = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [{ webSocketDebuggerUrl }] = (await list.json()) as [{ webSocketDebuggerUrl: string }];
  const socket = new WebSocket(webSocketDebuggerUrl);
  await once(socket, 'open');
  const send = (id: number, method: string, params: object) =>
    socket.send(JSON.stringify({ id, method, params }));
  const thrown = new Promise<void>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      const { method, params } = JSON.parse(String(data)) as { method?: string; params: Attached };
      if (method === 'NodeWorker.receivedMessageFromWorker') resolve();
      if (method !== 'NodeWorker.attachedToWorker') return;
      if (!params.workerInfo.title.endsWith(` ${actor}`)) return;
      const expression = "setImmediate(() => { throw new Error('a bug from outside') })";
      const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
      send(2, 'NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message });
    });
  });
  send(1, 'NodeWorker.enable', { waitForDebuggerOnStart: false });
  await thrown;
  socket.close();
}
