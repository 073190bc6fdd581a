// <bd-menu>: a <details> that behaves like a menu.

export class BdMenu extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("keydown", this.#key);
    this.addEventListener("click", this.#click);
    document.addEventListener("click", this.#outside);
  }

  disconnectedCallback(): void {
    this.removeEventListener("keydown", this.#key);
    this.removeEventListener("click", this.#click);
    document.removeEventListener("click", this.#outside);
  }

  get #details(): HTMLDetailsElement | null {
    return this.querySelector("details");
  }

  #close(focus: boolean): void {
    const details = this.#details;
    if (!details?.open) return;
    details.open = false;
    if (focus) details.querySelector("summary")?.focus();
  }

  #click = (event: MouseEvent): void => {
    if ((event.target as Element).closest(".menu-item")) this.#close(false);
  };

  #outside = (event: MouseEvent): void => {
    if (!event.composedPath().includes(this)) this.#close(false);
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key === "Escape") return this.#close(true);
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const details = this.#details;
    const items = [...this.querySelectorAll<HTMLElement>(".menu-item")];
    if (!details || !items.length) return;
    event.preventDefault();
    details.open = true;
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = at < 0 && step < 0 ? items.length - 1 : (at + step + items.length) % items.length;
    items[next]?.focus();
  };
}
