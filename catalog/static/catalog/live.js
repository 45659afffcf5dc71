/* While something is at work, what is marked data-live is fetched and put in its place, and nothing else is touched: what
   staff have ticked, typed or are about to choose stays. It ends with the page on which nothing is data-at-work. */
addEventListener("DOMContentLoaded", () => {
  const EVERY_MS = 3000;
  const AT_WORK = "[data-at-work]";
  if (!document.querySelector(AT_WORK)) return;

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
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (response.ok && !response.redirected) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        goesOn = page.querySelector(AT_WORK) !== null;  // before its nodes are taken from it
        put(page);
      }
    } catch {
      // the server is away for a moment: ask again
    }
    if (goesOn) setTimeout(update, EVERY_MS);
  }
  setTimeout(update, EVERY_MS);
});
