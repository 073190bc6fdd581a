// <bd-composer>: speed for a plain form. Formats by keys, lists files, sends on Ctrl+Enter, and gives the
// server what was typed last when its page is left. Nothing is kept in the browser's own storage: whoever
// uses the same computer next would find it there.

import * as csrf from "../csrf";
import { text } from "../texts";
import { toast } from "./toast";
import * as files from "./files";
import { format, type Format } from "./format";

const KEYS: Record<string, Format> = { b: "bold", i: "italic", k: "link" };

export class BdComposer extends HTMLElement {
  #stop = new AbortController();
  /** The words that the server has, and those that are on their way to it. */
  #kept = "";
  #asking = "";

  connectedCallback(): void {
    this.#stop = new AbortController();
    const options = { signal: this.#stop.signal };
    for (const toolbar of this.querySelectorAll<HTMLElement>(".toolbar")) toolbar.hidden = false;
    this.#kept = this.#area?.value ?? "";
    this.addEventListener("keydown", this.#key, options);
    this.addEventListener("click", this.#click, options);
    this.addEventListener("change", this.#changed, options);
    this.addEventListener("dragover", (event) => event.preventDefault(), options);
    this.addEventListener("drop", this.#dropped, options);
    this.addEventListener("paste", this.#pasted, options);
    this.addEventListener("htmx:before:request", this.#asked, options);
    this.addEventListener("htmx:after:request", this.#sent, options);
    // What is sent is no draft any more.
    this.addEventListener("submit", () => (this.#kept = this.#area?.value ?? ""), options);
    addEventListener("pagehide", this.#keep, options);
  }

  disconnectedCallback(): void {
    this.#keep();
    this.#stop.abort();
  }

  get #area(): HTMLTextAreaElement | null {
    return this.querySelector("textarea");
  }

  /** Gives the server the words that it doesn't have yet, as its draft. */
  #keep = (): void => {
    const area = this.#area;
    const way = area?.getAttribute("hx-post");
    if (!area?.form || !way || area.value === this.#kept) return;
    this.#kept = area.value;
    const headers: Record<string, string> = {};
    csrf.sign(headers);
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(area.form)) if (typeof value === "string") body.append(name, value);
    // It goes on when the page is gone. What doesn't arrive is what was typed since the last draft.
    void fetch(way, { method: "POST", headers, body, keepalive: true }).catch(() => undefined);
  };

  #asked = (event: Event): void => {
    if (event.target === this.#area) this.#asking = this.#area?.value ?? "";
  };

  #sent = (event: Event): void => {
    const { ctx } = (event as CustomEvent<{ ctx: { response: { status: number }; request: { method: string } } }>).detail;
    if (ctx.request.method.toUpperCase() === "GET" || ctx.response.status >= 400) return;
    if (event.target === this.#area) this.#kept = this.#asking;
    if (event.target !== this.querySelector("form")) return;
    if (this.#area) this.#area.value = "";
    this.#kept = "";
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
