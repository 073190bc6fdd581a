// A page whose session is over shows nothing any more, also where the person who opened it has left.

/** Takes everything off the page and goes to where one signs in. */
function hide(door: string): void {
  document.body.replaceChildren();
  location.replace(door);
}

/** Asks at `way` whether the session is still there; any other trouble says nothing of it. */
export async function look(way: string, door: string): Promise<void> {
  const answer = await fetch(way, { method: "HEAD", redirect: "manual", cache: "no-store" }).catch(() => undefined);
  if (answer?.status === 401) hide(door);
}

/** Looks whenever the page comes into sight again: from another tab, from sleep, or by the browser's way back. */
export function watch(way: string, door: string): void {
  const seen = (): void => void (document.visibilityState === "visible" && look(way, door));
  document.addEventListener("visibilitychange", seen);
  addEventListener("pageshow", (event) => {
    if (event.persisted) seen();
  });
}

/** Takes the page away with the form that ends the session, whether the server hears of it or not. */
export function leaveOn(selector: string): void {
  document.addEventListener("submit", (event) => {
    // After the form was read.
    if ((event.target as Element).matches(selector)) setTimeout(() => (document.body.hidden = true));
  });
}
