/* While a worker is at it, what the page says of it is fetched again; a map that is new is offered, and never forced on
   who looks at the one before. */
const EVERY_MS = 5000;

export function watchNews(news) {
  if (!news?.hasAttribute("data-at-work")) return;

  async function look() {
    let isAtWork = true;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (response.ok && !response.redirected) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        isAtWork = put(page.getElementById("map-news"));
      }
    } catch {
      // the server is away for a moment: ask again
    }
    if (isAtWork) setTimeout(look, EVERY_MS);
  }

  function put(fresh) {
    if (!fresh) return false;
    if (!news.dataset.shown && fresh.dataset.shown) {
      location.reload();  // there was nothing to look at
      return false;
    }
    const isNewer = fresh.dataset.shown !== news.dataset.shown;
    news.replaceChildren(...fresh.childNodes);
    news.querySelector(".map-fresh").hidden = !isNewer;
    return fresh.hasAttribute("data-at-work");
  }
  setTimeout(look, EVERY_MS);
}
