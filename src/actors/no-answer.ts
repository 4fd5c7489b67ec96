import { ActorError } from '../supervisor/contract/actor-error.ts';

/** For `catch`, where it is all the same why there is no answer: null for what an actor or a peer rejects with; bugs go on. */
export function noAnswer(error: unknown): null {
  if (error instanceof ActorError) return null;
  throw error;
}
