import type { AskOperation } from '../operation.ts';

export const settings: AskOperation<'settings'> = async (refs, _body, signal) => ({
  values: await refs.supervisor.ask('settings', null, { signal }),
});

export const tuning: AskOperation<'tuning'> = async (refs, _body, signal) => ({
  settings: await refs.supervisor.ask('tuning', null, { signal }),
});

export const tune: AskOperation<'tune'> = async (refs, body, signal) => ({
  settings: await refs.supervisor.ask('tune', body, { signal }),
});

export const reload: AskOperation<'reload'> = (refs, _body, signal) =>
  refs.supervisor.ask('reload', null, { signal });
