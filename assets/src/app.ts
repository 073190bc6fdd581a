// The staff side: htmx, the custom elements, and the few behaviours of plain attributes.

import "./frozen";
import "htmx.org";
import * as csrf from "./csrf";
import * as session from "./session";
import { text } from "./texts";
import { BdCoach } from "./elements/coach";
import { BdComposer } from "./elements/composer";
import { BdCrisis } from "./elements/crisis";
import { BdHotkeys } from "./elements/hotkeys";
import { BdLive } from "./elements/live";
import { BdMenu } from "./elements/menu";
import { BdPasskey } from "./elements/passkey";
import { BdTime } from "./elements/time";
import { BdToast, toast } from "./elements/toast";

interface Exchange {
  ctx: {
    request: { headers: Record<string, string>; action: string };
    response?: { status: number; headers: Headers };
    text?: string;
  };
}

csrf.start();

document.addEventListener("htmx:config:request", (event) => {
  const { request } = (event as CustomEvent<Exchange>).detail.ctx;
  if (new URL(request.action, location.href).origin === location.origin) csrf.sign(request.headers);
});

document.addEventListener("htmx:after:request", (event) => {
  const { response, text: body } = (event as CustomEvent<Exchange>).detail.ctx;
  if (!response || response.status < 400 || !response.headers.get("content-type")?.includes("json")) return;
  // A problem document isn't a fragment of a page.
  event.preventDefault();
  let title = text("failed");
  try {
    title = (JSON.parse(body ?? "") as { title?: string }).title ?? title;
  } catch {
    // The general words will do.
  }
  toast(title, "error");
});

document.addEventListener("htmx:error", () => toast(text("failed"), "error"));

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset["dialog"] ?? "");
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
  }
  const toggle = target.closest<HTMLElement>("[data-toggle]");
  const panel = toggle && document.getElementById(toggle.dataset["toggle"] ?? "");
  if (toggle && panel) {
    event.preventDefault();
    toggle.setAttribute("aria-expanded", String(panel.toggleAttribute("data-open")));
  }
});

if (document.querySelector("[data-sign-out]")) {
  session.leaveOn("[data-sign-out]");
  session.watch("/account/session", "/sign-in");
}

customElements.define("bd-toast", BdToast);
customElements.define("bd-time", BdTime);
customElements.define("bd-menu", BdMenu);
customElements.define("bd-hotkeys", BdHotkeys);
customElements.define("bd-composer", BdComposer);
customElements.define("bd-coach", BdCoach);
customElements.define("bd-crisis", BdCrisis);
customElements.define("bd-live", BdLive);
customElements.define("bd-passkey", BdPasskey);
