// <bd-passkey options make conditional>: a form that sends what the device signed. Hidden where the browser knows no
// passkeys; the page works without it.
//   options      where the question comes from: { number, options }
//   make         a new passkey is made; else one is shown
//   conditional  passkeys are offered among the browser's suggestions as well, while the page is open

interface Question {
  number: string;
  options: { publicKey: Json };
}
type Json = Record<string, unknown>;

/** A question is good for five minutes on the server. */
const ANEW = 4 * 60 * 1000;
/** Questions that a page asks by itself at most. */
const TIMES = 15;

function bytes(text: unknown): Uint8Array<ArrayBuffer> {
  const plain = String(text).replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
}

function words(buffer: ArrayBuffer | null): string | null {
  if (!buffer) return null;
  const plain = btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
  return plain.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The options with bytes where JSON has letters. */
function read(publicKey: Json): Json {
  const named = (list: unknown) => (list as Json[] | undefined)?.map((one) => ({ ...one, id: bytes(one["id"]) }));
  const user = publicKey["user"] as Json | undefined;
  return {
    ...publicKey,
    challenge: bytes(publicKey["challenge"]),
    ...(user && { user: { ...user, id: bytes(user["id"]) } }),
    ...(publicKey["excludeCredentials"] ? { excludeCredentials: named(publicKey["excludeCredentials"]) } : {}),
    ...(publicKey["allowCredentials"] ? { allowCredentials: named(publicKey["allowCredentials"]) } : {}),
  };
}

/** What the device signed, as JSON. */
function written(credential: PublicKeyCredential): string {
  const { response } = credential;
  const signed =
    response instanceof AuthenticatorAttestationResponse
      ? {
          clientDataJSON: words(response.clientDataJSON),
          attestationObject: words(response.attestationObject),
          transports: response.getTransports?.() ?? [],
        }
      : {
          clientDataJSON: words(response.clientDataJSON),
          authenticatorData: words((response as AuthenticatorAssertionResponse).authenticatorData),
          signature: words((response as AuthenticatorAssertionResponse).signature),
          userHandle: words((response as AuthenticatorAssertionResponse).userHandle),
        };
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: words(credential.rawId), type, response: signed, clientExtensionResults: {} });
}

export class BdPasskey extends HTMLElement {
  #waiting: AbortController | undefined;
  #timer: number | undefined;
  #times = 0;

  connectedCallback(): void {
    if (!window.PublicKeyCredential || !navigator.credentials) return;
    this.hidden = false;
    document.querySelector("[data-without-passkeys]")?.remove();
    this.addEventListener("submit", this.#submit);
    if (this.hasAttribute("conditional")) void this.#offer();
  }

  disconnectedCallback(): void {
    this.removeEventListener("submit", this.#submit);
    this.#stop();
  }

  get #form(): HTMLFormElement {
    return this.querySelector("form") as HTMLFormElement;
  }

  #stop(): void {
    window.clearTimeout(this.#timer);
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  #say(text: string): void {
    const said = this.querySelector<HTMLElement>("[role=status]");
    if (!said) return;
    said.textContent = text;
    said.hidden = !text;
  }

  async #ask(): Promise<Question> {
    const body = new URLSearchParams();
    const token = new FormData(this.#form).get("csrf_token");
    if (typeof token === "string") body.set("csrf_token", token);
    const answer = await fetch(this.getAttribute("options") ?? "", {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) throw new Error("not asked");
    return (await answer.json()) as Question;
  }

  #send(question: Question, credential: Credential | null): void {
    if (!(credential instanceof PublicKeyCredential)) return;
    const fill = (name: string, value: string) => {
      const input = this.querySelector<HTMLInputElement>(`input[name=${name}]`);
      if (input) input.value = value;
    };
    fill("number", question.number);
    fill("signed", written(credential));
    this.#stop();
    this.#form.submit();
  }

  #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.#show();
  };

  async #show(): Promise<void> {
    this.#stop();
    this.#say("");
    const button = this.querySelector("button");
    if (button) button.disabled = true;
    try {
      const question = await this.#ask();
      try {
        const publicKey = read(question.options.publicKey);
        const credential = this.hasAttribute("make")
          ? await navigator.credentials.create({ publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions })
          : await navigator.credentials.get({ publicKey: publicKey as unknown as PublicKeyCredentialRequestOptions });
        this.#send(question, credential);
      } catch {
        this.#say(this.dataset["cancelled"] ?? "");
      }
    } catch {
      this.#say(this.dataset["failed"] ?? "");
    }
    if (button) button.disabled = false;
  }

  /** Lets the browser offer passkeys where an address is typed. */
  async #offer(): Promise<void> {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || this.#times >= TIMES || !this.isConnected) return;
    this.#times += 1;
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#timer = window.setTimeout(() => {
      this.#stop();
      void this.#offer();
    }, ANEW);
    try {
      const question = await this.#ask();
      const publicKey = read(question.options.publicKey) as unknown as PublicKeyCredentialRequestOptions;
      const { signal } = waiting;
      this.#send(question, await navigator.credentials.get({ publicKey, mediation: "conditional", signal }));
    } catch {
      // Nobody chose one; the button and the password are still there.
    }
  }
}
