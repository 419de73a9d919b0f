// Collects and prints the verdicts. Every one states what was measured, passed or failed.

export class Report {
  #passed = 0;
  #failed = 0;
  #print;

  constructor(print = console.log) {
    this.#print = print;
  }

  section(title) {
    this.#print(`\n== ${title}`);
  }

  note(text) {
    this.#print(`     ${text}`);
  }

  /** One verdict: `claim` in words, `measured` in numbers. */
  check(claim, isTrue, measured) {
    if (isTrue) this.#passed += 1;
    else this.#failed += 1;
    this.#print(`${isTrue ? "PASS" : "FAIL"} ${claim}: ${measured}`);
    return isTrue;
  }

  /** A check that could not be carried out has failed. */
  broken(claim, error) {
    this.check(claim, false, `could not be measured: ${error.message}`);
  }

  get failed() {
    return this.#failed;
  }

  /** Prints the last line; returns the exit code. */
  finish() {
    this.#print(`\n${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

export const percent = (share) => `${(100 * share).toFixed(2)} %`;
export const millis = (micros) => (micros === null ? "-" : `${(micros / 1000).toFixed(1)} ms`);
