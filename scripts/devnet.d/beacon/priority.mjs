// Background threads of this process, and giving way to others. Linux only; elsewhere there is nothing to do.
import { existsSync, readdirSync } from "node:fs";
import os from "node:os";

const TASKS = "/proc/self/task";
const NICE = 10;

/** Ids of the threads of this process. */
export const threads = () => (existsSync(TASKS) ? readdirSync(TASKS).map(Number) : []);

/** Lets other processes go first. A thread that has ended by now needs no priority. */
export function yieldProcessor(ids) {
  for (const id of ids) {
    try {
      os.setPriority(id, NICE);
    } catch (error) {
      if (error.code !== "ERR_SYSTEM_ERROR") throw error;
    }
  }
}
