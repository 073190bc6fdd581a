// The form token lives in this module only. Attributes in the page could be read by selectors of
// hostile styles, so the token is taken out of the page as soon as it has been read.

const NAME = "csrf_token";
let token = "";

function take(root: ParentNode): void {
  for (const input of root.querySelectorAll<HTMLInputElement>(`input[name="${NAME}"]`)) {
    if (input.form?.method === "post") input.remove();
  }
}

/** Adds the header to a request's headers. */
export function sign(headers: Record<string, string>): void {
  if (token) headers["X-CSRF-Token"] = token;
}

/** Reads the token, and from then on adds it to every form this page posts to its own site. */
export function start(): void {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
  if (!meta?.content) return;
  token = meta.content;
  meta.remove();
  take(document);
  document.addEventListener("htmx:after:swap", () => take(document));
  document.addEventListener("formdata", (event) => {
    const form = event.target as HTMLFormElement;
    const action = new URL(form.getAttribute("action") ?? "", location.href);
    if (form.method === "post" && action.origin === location.origin) event.formData.set(NAME, token);
  });
}
