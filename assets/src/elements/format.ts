// Markdown by keys and buttons: changes the selection of a text area, keeping undo intact.

export type Format = "bold" | "italic" | "list" | "ordered" | "link" | "quote";

/** Replaces a stretch of the text. */
export function replace(area: HTMLTextAreaElement, from: number, to: number, words: string): void {
  area.focus();
  area.setSelectionRange(from, to);
  // The only way that keeps the browser's undo history; where it is gone the text still changes.
  if (!document.execCommand("insertText", false, words)) {
    area.setRangeText(words, from, to, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

function around(area: HTMLTextAreaElement, mark: string): void {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const inner = value.slice(from, to);
  const marked = value.slice(from - mark.length, from) === mark && value.slice(to, to + mark.length) === mark;
  if (marked) {
    replace(area, from - mark.length, to + mark.length, inner);
    area.setSelectionRange(from - mark.length, to - mark.length);
  } else {
    replace(area, from, to, mark + inner + mark);
    area.setSelectionRange(from + mark.length, to + mark.length);
  }
}

function lines(area: HTMLTextAreaElement, prefix: (index: number) => string): void {
  const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const rest = area.value.indexOf("\n", area.selectionEnd);
  const to = rest < 0 ? area.value.length : rest;
  const all = area.value.slice(from, to).split("\n");
  const has = all.every((line, index) => line.startsWith(prefix(index)));
  const changed = all.map((line, index) => (has ? line.slice(prefix(index).length) : prefix(index) + line));
  replace(area, from, to, changed.join("\n"));
}

/** Applies a format to the selection, or takes it away where it is already there. */
export function format(area: HTMLTextAreaElement, kind: Format, linkWord: string): void {
  switch (kind) {
    case "bold":
      return around(area, "**");
    case "italic":
      return around(area, "_");
    case "list":
      return lines(area, () => "- ");
    case "ordered":
      return lines(area, (index) => `${index + 1}. `);
    case "quote":
      return lines(area, () => "> ");
    case "link": {
      const { selectionStart: from, selectionEnd: to, value } = area;
      const inner = value.slice(from, to) || linkWord;
      replace(area, from, to, `[${inner}](https://)`);
      // Leaves the cursor where the address goes.
      const end = from + inner.length + 11;
      area.setSelectionRange(end, end);
    }
  }
}
