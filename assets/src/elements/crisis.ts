// <bd-crisis src>: the banner of crises that wait. Asks for itself anew whenever a <bd-live> of the page hears of a request
// that was opened or changed.

import htmx from "htmx.org";

/** The first event of a burst is answered at once; those behind it together, this much later. */
const PAUSE = 300;
const EVENTS = ["bd:ticket.created", "bd:ticket.changed", "bd:ticket.merged"];

export class BdCrisis extends HTMLElement {
  #timer: number | undefined;
  #again = false;
  readonly #heard = (): void => {
    if (this.#timer === undefined) this.#ask();
    else this.#again = true;
  };

  connectedCallback(): void {
    for (const name of EVENTS) document.addEventListener(name, this.#heard);
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const name of EVENTS) document.removeEventListener(name, this.#heard);
  }

  #ask(): void {
    this.#again = false;
    const path = this.getAttribute("src");
    // Morphed, so that a screen reader hears of what is new and of nothing twice.
    if (path) void htmx.ajax("GET", path, { source: this, target: this, swap: "outerMorph" });
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      if (this.#again) this.#ask();
    }, PAUSE);
  }
}
