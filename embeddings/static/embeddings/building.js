/* While a space is being built, shows how far it is: the cells that tell of it are fetched and put in their places, and
   nothing else is touched, so that what staff have ticked or are about to choose stays. */
addEventListener("DOMContentLoaded", () => {
  const EVERY_MS = 3000;
  const MARK = "[data-building]";
  const CELLS = ".field-state, .field-products";
  if (!document.querySelector(MARK)) return;

  const readRows = (page) =>
    new Map([...page.querySelectorAll("#result_list tbody tr")].map((row) => [row.querySelector(".field-name").textContent, row]));

  async function update() {
    let goesOn = true;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (response.ok && !response.redirected) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const rows = readRows(document);
        for (const [name, fresh] of readRows(page)) {
          const cells = rows.get(name)?.querySelectorAll(CELLS) ?? [];
          const values = fresh.querySelectorAll(CELLS);
          cells.forEach((cell, index) => cell.replaceChildren(...values[index].childNodes));
        }
        goesOn = page.querySelector(MARK) !== null;
      }
    } catch {
      // the server is away for a moment: ask again
    }
    if (goesOn) setTimeout(update, EVERY_MS);
  }
  setTimeout(update, EVERY_MS);
});
