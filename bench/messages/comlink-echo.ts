import { type MessagePort, parentPort } from 'node:worker_threads';
import { type Endpoint, expose } from 'comlink';
import type { Body } from './body.ts';

const adapter: string = 'comlink/dist/umd/node-adapter.js';
const { default: nodeEndpoint } = (await import(adapter)) as { default: (port: MessagePort) => Endpoint };
expose({ echo: (message: Body) => message }, nodeEndpoint(parentPort!));
