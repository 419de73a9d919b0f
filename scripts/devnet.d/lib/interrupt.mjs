// Ctrl-C. The processes of a network are detached, because `up` leaves them running, so the terminal's signal does not reach them: who
// starts them ends them.
import { endAll, refuseStarts } from "./processes.mjs";

/** What shells say of a program that SIGINT ended. */
const INTERRUPTED = 130;

/** On SIGINT or SIGTERM: `end`, then this program is over. Further signals change nothing, `end` takes seconds at most. */
export function onInterrupt(end) {
  let isEnding = false;
  const interrupt = async (signal) => {
    if (isEnding) return;
    isEnding = true;
    console.error(`${signal}: ending what was started`);
    try {
      await end(signal);
    } catch (error) {
      console.error(`not everything ended: ${error.message}`);
    }
    process.exit(INTERRUPTED);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, interrupt);
}

/** On SIGINT or SIGTERM: every process of the network ends, and none is started after that. */
export const endOnInterrupt = (processes) =>
  onInterrupt(() => {
    refuseStarts();
    return endAll(processes);
  });
