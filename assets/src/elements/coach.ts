// <bd-coach>: puts what the coach suggests into the draft, by button or by Alt+Enter.

import { replace } from "./format";

interface Change {
  from: number;
  to: number;
  was: string;
  text: string;
}

export class BdCoach extends HTMLElement {
  #stop = new AbortController();

  connectedCallback(): void {
    this.#stop = new AbortController();
    const options = { signal: this.#stop.signal };
    this.addEventListener("click", this.#click, options);
    this.#area?.addEventListener("keydown", this.#key, options);
  }

  disconnectedCallback(): void {
    this.#stop.abort();
  }

  get #area(): HTMLTextAreaElement | null {
    return document.querySelector("#composer textarea");
  }

  #click = (event: MouseEvent): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-changes]");
    if (button) this.#apply(button);
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !event.altKey || event.ctrlKey || event.metaKey) return;
    const button = this.querySelector<HTMLElement>("[data-changes][aria-keyshortcuts]");
    if (!button) return;
    event.preventDefault();
    this.#apply(button);
  };

  #apply(button: HTMLElement): void {
    const area = this.#area;
    if (!area) return;
    const changes = JSON.parse(button.dataset["changes"] ?? "[]") as Change[];
    // The draft went on since it was looked at: the next look is on its way.
    if (changes.some(({ from, to, was }) => area.value.slice(from, to) !== was)) return;
    // From the end, so that the places before stay where they are.
    for (const { from, to, text } of changes.sort((a, b) => b.from - a.from)) replace(area, from, to, text);
    this.replaceChildren();
    // A gap that was put in is where the author goes on.
    const gap = area.value.indexOf("…");
    if (gap >= 0) area.setSelectionRange(gap, gap + 1);
  }
}
