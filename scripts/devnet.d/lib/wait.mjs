// Waiting for other processes: a question asked again until the answer is good or the deadline is over.

export const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, Math.max(0, millis)));

/**
 * The first truthy answer of `ask`, which may throw while the other side is not there yet.
 * After the deadline: an error that says what was awaited and the last reason.
 */
export async function waitFor(what, ask, { deadlineMillis = 60_000, everyMillis = 200 } = {}) {
  const deadline = Date.now() + deadlineMillis;
  let reason = "";
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      reason = "";
    } catch (error) {
      reason = `: ${error.cause?.message ?? error.message}`;
    }
    if (Date.now() > deadline) throw new Error(`no ${what} after ${Math.round(deadlineMillis / 1000)} s${reason}`);
    await sleep(everyMillis);
  }
}
