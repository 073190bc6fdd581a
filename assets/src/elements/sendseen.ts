// <bd-send-seen> around a form that a link has filled in: sends it once somebody can see the page, so that the click in the
// mail is enough. A program that fetches the link, a browser that a program steers (it says so), or a tab that stays in the
// background sends nothing. Where sending fails the form stays, and its button does it.

export class BdSendSeen extends HTMLElement {
  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.#look);
    this.#look();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#look);
  }

  readonly #look = (): void => {
    if (document.visibilityState !== "visible" || navigator.webdriver) return;
    document.removeEventListener("visibilitychange", this.#look);
    const form = this.querySelector("form");
    if (form) void send(form);
  };
}

async function send(form: HTMLFormElement): Promise<void> {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    // Takes this page's place: who goes back does not send once more.
    if (answer.ok && answer.redirected) location.replace(answer.url);
  } catch {
    // The button is there.
  }
}
