// A page whose session is over shows nothing any more, also where the person who opened it has left.

/** Takes everything off the page and goes to where one signs in. */
function hide(door: string): void {
  document.body.replaceChildren();
  location.replace(door);
}

/** What stays in sight beside words that were not sent: whom to call. */
const STAYS = ".notice-error, .public-foot";

/** The same, but for words that were not sent: they stay, each in the form that sends it, since the server takes a patient's words
 * also from whoever is out by then; the person at the screen wrote them. Nothing is moved, so that whoever writes there goes on
 * where they were. */
export function over(door: string): void {
  const areas = [...document.querySelectorAll("textarea")].filter((area) => area.value.trim() !== "");
  const kept = areas.map((area) => area.form ?? area);
  if (kept.length === 0) {
    hide(door);
    return;
  }
  const stays = [...kept, ...document.querySelectorAll(STAYS)];
  const sweep = (within: Element): void => {
    for (const child of [...within.children]) {
      if (stays.includes(child)) continue;
      if (stays.some((one) => child.contains(one))) sweep(child);
      else child.remove();
    }
    for (const text of [...within.childNodes]) if (text.nodeType === Node.TEXT_NODE) text.remove();
  };
  sweep(document.body);
}

/** Asks at `way` whether the session is still there, and ends the page where it is not; any other trouble says nothing of it. */
export async function look(way: string, door: string, end: (door: string) => void = hide): Promise<void> {
  const answer = await fetch(way, { method: "HEAD", redirect: "manual", cache: "no-store" }).catch(() => undefined);
  if (answer?.status === 401) end(door);
}

/** Looks whenever the page comes into sight again: from another tab, from sleep, or by the browser's way back. */
export function watch(way: string, door: string, end?: (door: string) => void): void {
  const seen = (): void => void (document.visibilityState === "visible" && look(way, door, end));
  document.addEventListener("visibilitychange", seen);
  addEventListener("pageshow", (event) => {
    if (event.persisted) seen();
  });
}

/** Takes away what stands on the page once `seconds` went by in which nothing was asked for: by then the session is over, and a
 * page that nobody touches would stay in sight. Pages of the same browser tell each other when one is asked for. Nobody is
 * asked here: that would keep the session alive. */
export function ends(seconds: number, name: string, door: string): void {
  // Old phones have none: there each page counts for itself.
  const others = "BroadcastChannel" in window ? new BroadcastChannel(name) : undefined;
  let timer = 0;
  const again = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => over(door), seconds * 1000);
  };
  if (others) others.onmessage = again;
  others?.postMessage("asked");
  again();
}

/** Takes the page away with the form that ends the session, whether the server hears of it or not. */
export function leaveOn(selector: string): void {
  document.addEventListener("submit", (event) => {
    // After the form was read.
    if ((event.target as Element).matches(selector)) setTimeout(() => (document.body.hidden = true));
  });
}
