// Words for the scripts, in the page's language, from <meta name="bd-texts">.

let texts: Record<string, string> | undefined;

function load(): Record<string, string> {
  const content = document.querySelector<HTMLMetaElement>('meta[name="bd-texts"]')?.content;
  try {
    return content ? (JSON.parse(content) as Record<string, string>) : {};
  } catch {
    return {};
  }
}

/** The text of a key, with `{name}` places filled in. */
export function text(key: string, values: Record<string, string | number> = {}): string {
  texts ??= load();
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
