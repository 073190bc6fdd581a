// <bd-coach>: puts what the coach suggests into the draft, by button or by Alt+Enter, and tells who hears the page that
// there is advice. It is beside the work: when it can't be reached it keeps silent.

import { replace } from "./format";

interface Change {
  from: number;
  to: number;
  was: string;
  text: string;
}

export class BdCoach extends HTMLElement {
  #stop = new AbortController();
  #open = false;
  /** The draft as it was sent, and as it was when what is shown was found. */
  #sent = "";
  #seen = "";

  connectedCallback(): void {
    this.#stop = new AbortController();
    const options = { signal: this.#stop.signal };
    this.addEventListener("click", this.#click, options);
    this.addEventListener("htmx:config:request", this.#asked, options);
    this.addEventListener("htmx:after:request", this.#answered, options);
    this.addEventListener("htmx:error", (event) => event.stopPropagation(), options);
    this.addEventListener("htmx:after:swap", this.#shown, options);
    this.addEventListener("toggle", this.#toggled, { ...options, capture: true });
    this.#area?.addEventListener("keydown", this.#key, options);
  }

  disconnectedCallback(): void {
    this.#stop.abort();
  }

  get #area(): HTMLTextAreaElement | null {
    return document.querySelector("#composer textarea");
  }

  #asked = (): void => {
    this.#sent = this.#area?.value ?? "";
  };

  #answered = (event: Event): void => {
    const { response } = (event as CustomEvent<{ ctx: { response?: { status: number } } }>).detail.ctx;
    if (!response || response.status < 400) return;
    event.preventDefault();
    event.stopPropagation();
  };

  #shown = (): void => {
    this.#seen = this.#sent;
    const more = this.querySelector("details");
    if (more) more.open = this.#open;
    const told = document.getElementById("coach-told");
    const words = this.querySelector<HTMLElement>("[data-told]")?.dataset["told"] ?? "";
    // The same words once more would only interrupt.
    if (told && told.textContent !== words) told.textContent = words;
  };

  #toggled = (event: Event): void => {
    this.#open = (event.target as HTMLDetailsElement).open;
  };

  #click = (event: MouseEvent): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-changes]");
    if (button) this.#apply(button);
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !event.altKey || event.ctrlKey || event.metaKey) return;
    const button = this.querySelector<HTMLElement>("[data-changes][aria-keyshortcuts]");
    if (!button || !this.checkVisibility()) return;
    event.preventDefault();
    this.#apply(button);
  };

  #apply(button: HTMLElement): void {
    const area = this.#area;
    if (!area) return;
    const changes = JSON.parse(button.dataset["changes"] ?? "[]") as Change[];
    // Words that stand where they stood can be replaced; new ones need the place that was meant for them. Else the draft
    // went on: it is left alone, and looked at anew.
    const stands = ({ from, to, was }: Change): boolean => (was ? area.value.slice(from, to) === was : area.value === this.#seen);
    if (changes.every(stands)) {
      // From the end, so that the places before stay where they are.
      for (const { from, to, text } of changes.reverse()) replace(area, from, to, text);
      button.closest("li")?.remove();
      // A gap that was put in is where the author goes on.
      const gap = area.value.indexOf("…");
      if (gap >= 0) area.setSelectionRange(gap, gap + 1);
    }
    this.dispatchEvent(new CustomEvent("look"));
  }
}
