/* The board of a product: decisions, tabs, drag and "why" without leaving the page. Without this script its forms and
   links do the same, one page load each. */
addEventListener("DOMContentLoaded", () => {
  const board = document.querySelector("[data-board-url]");
  if (!board) return;
  const dialog = document.querySelector("#board-why");
  const said = document.querySelector("#board-said");
  const EVERY_MS = 1500;
  const MAX_LOOKS = 10;
  let dragged = null;

  const shown = () => board.querySelector("[data-board]")?.dataset.board ?? "similar";

  async function put(url, options = {}) {
    board.setAttribute("aria-busy", "true");
    const focused = document.activeElement?.closest("[data-product]")?.dataset.product;
    try {
      const response = await fetch(url, { headers: { "X-Requested-With": "XMLHttpRequest" }, credentials: "same-origin", ...options });
      const text = await response.text();
      if (!response.ok || response.redirected) { // to the log-in, where the session is over
        said.textContent = response.status === 403 ? said.dataset.forbidden : response.headers.get("Content-Type")?.includes("text/html") && text.length < 500 ? text : said.dataset.failed;
        return;
      }
      said.textContent = "";
      board.innerHTML = text; // our own template: escaped by the server
      const again = focused && board.querySelector(`[data-product="${CSS.escape(focused)}"] button`);
      (again || (options.method && board.querySelector(".board-undo button")))?.focus({ preventScroll: true });
    } catch {
      said.textContent = said.dataset.failed;
    } finally {
      board.removeAttribute("aria-busy");
    }
  }

  function post(url, fields) {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return put(url, { method: "POST", body });
  }

  board.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(".board-undo")) return; // a page load, with the message of what was undone
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    if (event.submitter?.name) fields[event.submitter.name] = event.submitter.value;
    post(form.action, fields);
  });

  board.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-list]");
    const why = event.target.closest("[data-why]");
    if (event.ctrlKey || event.metaKey || event.shiftKey || !(tab || why)) return;
    event.preventDefault();
    if (tab) put(`${board.dataset.boardUrl}?list=${encodeURIComponent(tab.dataset.list)}`);
    else explain(why.dataset.why);
  });

  async function explain(url, looks = 0) {
    const body = dialog.querySelector("[data-body]");
    if (!dialog.open) {
      body.textContent = "…";
      dialog.showModal();
    }
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok || response.redirected) throw new Error(response.status);
      body.innerHTML = await response.text(); // our own template again
      if (dialog.open && looks < MAX_LOOKS && body.querySelector("[data-pending]")) setTimeout(() => dialog.open && explain(url, looks + 1), EVERY_MS);
    } catch {
      body.textContent = said.dataset.failed;
    }
  }

  // Dragging pins the card where it is dropped; pins that stand there move on.
  board.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".board-card[draggable]");
    if (dragged) {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", dragged.dataset.product);
      dragged.classList.add("is-dragged");
    }
  });
  board.addEventListener("dragover", (event) => {
    const over = event.target.closest?.(".board-card");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    const cards = [...board.querySelectorAll(".board-card")];
    over[cards.indexOf(dragged) < cards.indexOf(over) ? "after" : "before"](dragged);
  });
  board.addEventListener("drop", (event) => event.preventDefault());
  board.addEventListener("dragend", () => {
    if (!dragged) return;
    const card = dragged;
    dragged = null;
    card.classList.remove("is-dragged");
    const cards = [...board.querySelectorAll(".board-card")];
    const offset = Math.min(...cards.map((one) => Number(one.dataset.position)));
    const place = cards.indexOf(card) + offset;
    if (place === Number(card.dataset.position)) return;
    const pinned = cards.map((one, index) => [one, index + offset]).filter(([one]) => one === card || one.classList.contains("is-pinned"));
    post(board.dataset.orderUrl, { list: shown(), order: pinned.map(([one, at]) => `${one.dataset.product}:${at}`).join(",") });
  });
});
