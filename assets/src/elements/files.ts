// The list of chosen files: each can be taken away again, and one that is too large says so.

import { text } from "../texts";

const MEGABYTE = 1024 * 1024;

function size(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

/** Adds files to an input that holds some already, as a drop or a paste does. */
export function add(input: HTMLInputElement, files: Iterable<File>): void {
  const all = new DataTransfer();
  for (const file of [...(input.files ?? []), ...files]) all.items.add(file);
  input.files = all.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function keep(input: HTMLInputElement, wanted: (file: File) => boolean): void {
  const all = new DataTransfer();
  for (const file of input.files ?? []) if (wanted(file)) all.items.add(file);
  input.files = all.files;
}

/** Shows what is chosen in `list`; returns a message for files above `limit` bytes. */
export function show(input: HTMLInputElement, list: HTMLElement, limit: number): string {
  const large = [...(input.files ?? [])].filter((file) => limit > 0 && file.size > limit);
  if (large.length) keep(input, (file) => !large.includes(file));
  const items = [...(input.files ?? [])].map((file) => {
    const item = document.createElement("li");
    item.className = "file";
    const name = document.createElement("span");
    name.className = "truncate";
    name.textContent = file.name;
    name.dir = "auto";
    const bytes = document.createElement("span");
    bytes.className = "muted nowrap";
    bytes.textContent = size(file.size);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${text("remove")}: ${file.name}`);
    remove.addEventListener("click", () => {
      keep(input, (other) => other !== file);
      show(input, list, limit);
      input.focus();
    });
    item.append(name, bytes, remove);
    return item;
  });
  list.replaceChildren(...items);
  return large.map((file) => text("too-large", { name: file.name, limit: size(limit) })).join(" ");
}
