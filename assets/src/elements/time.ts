// <bd-time datetime kind="due|ago">: words for a time that keep up with the clock.
// The steps are those of the server (i18n::time), so nothing jumps when the script takes over.

import { text } from "../texts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time, in seconds, by its largest sensible unit. */
export function duration(seconds: number): string {
  if (seconds < MINUTE) return text("seconds", { count: Math.floor(seconds) });
  if (seconds < 90 * MINUTE) return text("minutes", { count: Math.floor(seconds / MINUTE) });
  if (seconds < 36 * HOUR) return text("hours", { count: Math.floor((seconds + HOUR / 2) / HOUR) });
  return text("days", { count: Math.floor((seconds + DAY / 2) / DAY) });
}

const shown = new Set<BdTime>();
let ticker: number | undefined;

function tick(): void {
  if (!document.hidden) for (const element of shown) element.update();
}

export class BdTime extends HTMLElement {
  connectedCallback(): void {
    shown.add(this);
    ticker ??= window.setInterval(tick, 10_000);
    this.update();
  }

  disconnectedCallback(): void {
    shown.delete(this);
  }

  update(): void {
    const at = Date.parse(this.getAttribute("datetime") ?? "");
    if (Number.isNaN(at)) return;
    const left = Math.trunc((at - Date.now()) / 1000);
    let words: string;
    if (this.getAttribute("kind") === "due") {
      words = text(left >= 0 ? "due-in" : "overdue", { time: duration(Math.abs(left)) });
      this.classList.toggle("due-soon", left >= 0 && left < HOUR);
      this.classList.toggle("due-over", left < 0);
    } else {
      words = -left < MINUTE ? text("just-now") : text("ago", { time: duration(-left) });
    }
    if (this.textContent !== words) this.textContent = words;
  }
}

document.addEventListener("visibilitychange", tick);
