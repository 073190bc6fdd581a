// <bd-hotkeys>: moving and acting without a mouse. Keys rest while somebody types.

const TYPING = "input, textarea, select, [contenteditable]";

export class BdHotkeys extends HTMLElement {
  connectedCallback(): void {
    document.addEventListener("keydown", this.#key);
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.#key);
  }

  get #items(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[data-key-item]")];
  }

  #key = (event: KeyboardEvent): void => {
    const target = event.target as Element;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (target.matches(TYPING) || document.querySelector("dialog[open]")) return;
    if (this.#act(event.key)) event.preventDefault();
  };

  #act(key: string): boolean {
    if (key === "j" || key === "k") return this.#move(key === "j" ? 1 : -1);
    if (key === "/") return this.#focus('[role="search"] input');
    if (key === "?") {
      const help = document.querySelector<HTMLDialogElement>("dialog#keys");
      help?.showModal();
      return help !== null;
    }
    const bound = /^[a-z]$/.test(key) && this.querySelector<HTMLElement>(`[data-key="${key}"]`);
    if (!bound) return false;
    bound.click();
    const area = bound.closest("bd-composer")?.querySelector("textarea");
    (area ?? bound).focus();
    return true;
  }

  #focus(selector: string): boolean {
    const element = document.querySelector<HTMLElement>(selector);
    element?.focus();
    return element !== null;
  }

  #move(step: number): boolean {
    const items = this.#items;
    const at = items.findIndex((item) => item.contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : Math.min(Math.max(at + step, 0), items.length - 1);
    const item = items[next];
    // The link takes the focus, so Enter opens it as everywhere else.
    const link = item?.querySelector<HTMLElement>("a[href]") ?? item;
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
    return link !== undefined;
  }
}
