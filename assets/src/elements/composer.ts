// <bd-composer>: memory and speed for a plain form. Keeps what was typed in this tab until the
// server has it, formats by keys, lists files, and sends on Ctrl+Enter.

import { text } from "../texts";
import { toast } from "./toast";
import * as files from "./files";
import { format, type Format } from "./format";

const KEYS: Record<string, Format> = { b: "bold", i: "italic", k: "link" };
const PREFIX = "bd-draft:";

/** Forgets every draft of this tab, as on signing out. */
export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}

export class BdComposer extends HTMLElement {
  #timer: number | undefined;
  #stop = new AbortController();

  connectedCallback(): void {
    this.#stop = new AbortController();
    const options = { signal: this.#stop.signal };
    if (this.hasAttribute("draft-done")) this.#forget();
    for (const toolbar of this.querySelectorAll<HTMLElement>(".toolbar")) toolbar.hidden = false;
    this.#restore();
    this.addEventListener("input", this.#typed, options);
    this.addEventListener("change", this.#typed, options);
    this.addEventListener("keydown", this.#key, options);
    this.addEventListener("click", this.#click, options);
    this.addEventListener("change", this.#changed, options);
    this.addEventListener("dragover", (event) => event.preventDefault(), options);
    this.addEventListener("drop", this.#dropped, options);
    this.addEventListener("paste", this.#pasted, options);
    this.addEventListener("htmx:after:request", this.#sent, options);
    addEventListener("pagehide", this.#save, options);
  }

  disconnectedCallback(): void {
    this.#save();
    this.#stop.abort();
  }

  get #area(): HTMLTextAreaElement | null {
    return this.querySelector("textarea");
  }

  get #kinds(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>('input[name="kind"]')];
  }

  get #draftKey(): string | undefined {
    const key = this.getAttribute("draft-key");
    return key ? PREFIX + key : undefined;
  }

  #restore(): void {
    const key = this.#draftKey;
    const area = this.#area;
    const draft = key && sessionStorage.getItem(key);
    // What the server knows is newer than what this tab remembers.
    if (!draft || !area || area.value) return;
    const [kind = "", ...words] = draft.split("\n");
    area.value = words.join("\n");
    // A note must not come back as an answer to the patient.
    const choice = this.#kinds.find((radio) => radio.value === kind);
    if (choice) choice.checked = true;
    toast(text("draft-restored"));
  }

  #typed = (): void => {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.#save, 300);
  };

  #save = (): void => {
    clearTimeout(this.#timer);
    const key = this.#draftKey;
    const area = this.#area;
    if (!key || !area || this.hasAttribute("draft-done")) return;
    try {
      const kind = this.#kinds.find((radio) => radio.checked)?.value ?? "";
      if (area.value) sessionStorage.setItem(key, `${kind}\n${area.value}`);
      else sessionStorage.removeItem(key);
    } catch {
      // A full or forbidden storage must not get in the way of writing.
    }
  };

  #forget(): void {
    clearTimeout(this.#timer);
    if (this.#draftKey) sessionStorage.removeItem(this.#draftKey);
    // From here on new words are a new draft.
    this.removeAttribute("draft-done");
  }

  #sent = (event: Event): void => {
    const { ctx } = (event as CustomEvent<{ ctx: { response: { status: number }; request: { method: string } } }>).detail;
    const ours = event.target === this.querySelector("form");
    if (!ours || ctx.request.method.toUpperCase() === "GET" || ctx.response.status >= 400) return;
    if (this.#area) this.#area.value = "";
    this.#forget();
  };

  #key = (event: KeyboardEvent): void => {
    const area = this.#area;
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target !== area || !area) return;
    const kind = KEYS[event.key.toLowerCase()];
    if (event.key === "Enter") {
      event.preventDefault();
      area.form?.requestSubmit();
    } else if (kind && this.querySelector(".toolbar")) {
      event.preventDefault();
      format(area, kind, text("link-prompt"));
    }
  };

  #click = (event: MouseEvent): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-format]");
    if (button && this.#area) format(this.#area, button.dataset["format"] as Format, text("link-prompt"));
  };

  get #input(): HTMLInputElement | null {
    return this.querySelector('input[type="file"]');
  }

  #changed = (event: Event): void => {
    const input = this.#input;
    const list = this.querySelector<HTMLElement>("[data-files]");
    if (event.target !== input || !input || !list) return;
    const refused = files.show(input, list, Number(this.dataset["maxFile"] ?? 0));
    if (refused) toast(refused, "error");
  };

  #take(event: Event, chosen: FileList | undefined): void {
    if (!chosen?.length || !this.#input) return;
    event.preventDefault();
    files.add(this.#input, chosen);
  }

  #dropped = (event: DragEvent): void => this.#take(event, event.dataTransfer?.files);

  #pasted = (event: ClipboardEvent): void => this.#take(event, event.clipboardData?.files);
}
