/* While something is at work, what is marked data-live is fetched and put in its place, and nothing else is touched: what
   staff have ticked, typed or are about to choose stays. It ends with the page on which nothing is data-at-work. What is may
   say the address to ask next, as its value. */
addEventListener("DOMContentLoaded", () => {
  const EVERY_MS = 3000;
  const AT_WORK = "[data-at-work]";
  let next = document.querySelector(AT_WORK)?.dataset.atWork;
  if (next === undefined) return;

  function put(page) {
    const focused = document.activeElement?.id;
    for (const shown of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${CSS.escape(shown.dataset.live)}"]`);
      if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
    }
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
  }

  async function update() {
    let goesOn = true;
    try {
      const response = await fetch(next || location.href, { credentials: "same-origin" });
      if (response.ok && !response.redirected) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const working = page.querySelector(AT_WORK);  // before its nodes are taken from it
        goesOn = working !== null;
        next = working?.dataset.atWork;
        put(page);
      }
    } catch {
      // the server is away for a moment: ask again
    }
    if (goesOn) setTimeout(update, EVERY_MS);
  }
  setTimeout(update, EVERY_MS);
});
