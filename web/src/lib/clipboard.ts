/** Copy a text; false where the browser does not let this page. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // From a file, or in a frame, the clipboard may be closed: an event of copying still works. What is selected for it is
    // one letter, since a field with megabytes stands still for seconds.
    const area = document.createElement("textarea");
    area.value = "·";
    // What is behind an open dialog cannot be selected.
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const fill = (event: ClipboardEvent): void => {
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    };
    document.addEventListener("copy", fill);
    try {
      return document.execCommand("copy");
    } finally {
      document.removeEventListener("copy", fill);
      area.remove();
    }
  }
}

/** Copy a text; say in words what came of it. */
export async function copied(text: string, what = "Copied"): Promise<string> {
  return (await copyText(text)) ? what : "The browser does not let this page copy";
}
