// <bd-live src>: one stream of events; each named event can fetch a fragment and morph it in.

import htmx from "htmx.org";
import * as session from "../session";
import { text } from "../texts";
import { toast } from "./toast";

const RETRY = 5_000;
const GATHER = 150;

export class BdLive extends HTMLElement {
  #source: EventSource | undefined;
  #lastId = "";
  #retry: number | undefined;
  #offline = false;
  #waiting = new Map<string, number>();

  connectedCallback(): void {
    this.#open();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#retry);
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#source?.close();
  }

  get #names(): string[] {
    return this.getAttributeNames().filter((name) => name.startsWith("data-on-")).map((name) => name.slice(8));
  }

  #open(): void {
    const url = new URL(this.getAttribute("src") ?? "", location.href);
    if (url.origin !== location.origin) return;
    if (this.#lastId) url.searchParams.set("last_event_id", this.#lastId);
    const source = new EventSource(url);
    this.#source = source;
    source.addEventListener("open", () => this.#setOffline(false));
    source.addEventListener("error", () => {
      this.#setOffline(true);
      // The browser comes back by itself unless the server refused; then we ask again.
      if (source.readyState === EventSource.CLOSED && this.isConnected) {
        void session.look("/account/session", "/sign-in");
        clearTimeout(this.#retry);
        this.#retry = window.setTimeout(() => this.#open(), RETRY);
      }
    });
    for (const name of this.#names) {
      source.addEventListener(name, (event) => this.#receive(name, event as MessageEvent<string>));
    }
  }

  #receive(name: string, event: MessageEvent<string>): void {
    this.#lastId = event.lastEventId || this.#lastId;
    const detail = { id: event.lastEventId, data: event.data };
    this.dispatchEvent(new CustomEvent(`bd:${name}`, { bubbles: true, detail }));
    const path = this.getAttribute(`data-on-${name}`);
    if (!path) return;
    // A burst of events ends in one request.
    clearTimeout(this.#waiting.get(name));
    this.#waiting.set(name, window.setTimeout(() => this.#fetch(name, path), GATHER));
  }

  #fetch(name: string, path: string): void {
    const selector = this.getAttribute(`data-target-${name}`) ?? this.dataset["target"];
    const target = selector ? document.querySelector(selector) : this;
    if (target) void htmx.ajax("GET", path, { source: this, target, swap: this.dataset["swap"] ?? "outerMorph", headers: { "BD-Live": "1" } });
  }

  #setOffline(offline: boolean): void {
    if (offline === this.#offline) return;
    this.#offline = offline;
    this.toggleAttribute("data-offline", offline);
    toast(text(offline ? "offline" : "online"));
  }
}
