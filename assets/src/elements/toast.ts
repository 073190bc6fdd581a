// <bd-toast>: short messages at the edge, read out politely, that go by themselves.

export type Kind = "info" | "error";

const STAY = 6_000;

export class BdToast extends HTMLElement {
  connectedCallback(): void {
    this.setAttribute("role", "status");
    document.addEventListener("toast", this.#onEvent);
    // A message from the server may offer an action, so it stays until it is used or left.
    for (const item of this.querySelectorAll<HTMLElement>(".toast")) this.#leave(item, STAY * 2);
  }

  disconnectedCallback(): void {
    document.removeEventListener("toast", this.#onEvent);
  }

  show(words: string, kind: Kind = "info"): void {
    const item = document.createElement("div");
    item.className = kind === "error" ? "toast toast-error" : "toast";
    item.textContent = words;
    this.append(item);
    this.#leave(item, STAY);
  }

  #onEvent = (event: Event): void => {
    const { detail } = event as CustomEvent<{ text?: string; kind?: Kind } | undefined>;
    if (detail?.text) this.show(detail.text, detail.kind);
  };

  #leave(item: HTMLElement, after: number): void {
    window.setTimeout(() => {
      if (item.matches(":hover, :focus-within")) this.#leave(item, after);
      else item.remove();
    }, after);
  }
}

/** Shows a message where the page has a place for it. */
export function toast(words: string, kind: Kind = "info"): void {
  document.querySelector<BdToast>("bd-toast")?.show?.(words, kind);
}
