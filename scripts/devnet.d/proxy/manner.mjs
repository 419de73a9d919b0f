// How a relay carries what passes through it: at once, later, or not at all for a while. Order is kept in every manner
// and through every change of it, and nothing is lost.

export class Manner {
  #delayMillis = 0;
  #isFrozen = false;
  /** `{ deed, due }`, in order. */
  #waiting = [];
  #timer = null;

  /** `{ manner: "pass" }`, `{ manner: "freeze" }` or `{ manner: "delay", millis }`. */
  change({ manner, millis = 0 }) {
    if (!["pass", "freeze", "delay"].includes(manner)) throw new Error(`there is no manner ${manner}`);
    if (!Number.isInteger(millis) || millis < 0) throw new Error("millis must be a whole number");
    this.#delayMillis = manner === "delay" ? millis : 0;
    this.#isFrozen = manner === "freeze";
    this.#proceed();
  }

  /** Does `deed` when the manner says so. */
  carry(deed) {
    if (!this.#isFrozen && this.#delayMillis === 0 && this.#waiting.length === 0) return deed();
    this.#waiting.push({ deed, due: performance.now() + this.#delayMillis });
    this.#proceed();
  }

  #proceed() {
    clearTimeout(this.#timer);
    if (this.#isFrozen) return;
    while (this.#waiting.length > 0 && this.#waiting[0].due <= performance.now()) this.#waiting.shift().deed();
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#proceed(), Math.max(1, this.#waiting[0].due - performance.now()));
  }
}
