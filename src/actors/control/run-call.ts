import { bodies, isOperation, type Operation, type ParsedBodyOf } from '../../control-link/operations.ts';
import type { Events, Results } from '../../control-link/results.ts';
import { failure } from '../../errors.ts';
import type { RunCall } from './client-session.ts';
import type { ControlRefs } from './control-refs.ts';
import { operations } from './operations.ts';

/** Every operation as the dispatcher sees it; the table behind it is typed one by one. */
type AnyOperation =
  | {
      kind: 'ask';
      run(refs: ControlRefs, body: ParsedBodyOf<Operation>, signal: AbortSignal): Promise<Results[Operation]>;
    }
  | {
      kind: 'stream';
      run(
        refs: ControlRefs,
        body: ParsedBodyOf<Operation>,
        signal: AbortSignal,
      ): AsyncGenerator<Events[keyof Events], Results[Operation], undefined>;
    };

/** Finds the operation, checks its body, runs it. `E_USAGE` for an unknown one and for a body it does not take. */
export function callRunner(refs: ControlRefs, count: () => void): RunCall {
  return async (request, signal, item) => {
    const { op } = request;
    if (!isOperation(op)) throw failure('E_USAGE', 'this node knows no such operation', { subject: op });
    const parsed = bodies[op].safeParse(request.body ?? {});
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const where = issue?.path.join('.') || op;
      throw failure('E_USAGE', `${where}: ${issue?.message ?? 'not valid'}`, { subject: op });
    }
    count();
    const operation = operations[op] as AnyOperation;
    if (operation.kind === 'ask') return { ok: await operation.run(refs, parsed.data, signal) };
    const events = operation.run(refs, parsed.data, signal);
    for (;;) {
      const next = await events.next();
      if (next.done) return { end: next.value };
      item(next.value);
    }
  };
}
