import { actor, echoContract } from './contracts.ts';

export default actor(echoContract, () => {
  let noted = 0;
  return {
    handlers: {
      echo: (message) => message,
      note: () => {
        noted++;
      },
      noted: () => noted,
      async *count({ to }) {
        for (let n = 0; n < to; n++) yield { n };
      },
    },
  };
});
