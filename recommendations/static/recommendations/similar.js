// The dial above similar products, and "Why?" without a new page. Without scripts the one is a form and the other a link.
const section = () => document.querySelector(".similar");
const parts = new Map(); // by address: what was fetched
const WAIT_MS = 100; // until a dial that is being turned asks

async function fetchPart(address) {
  if (!parts.has(address)) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(address);
    parts.set(address, await answer.text());
  }
  return new DOMParser().parseFromString(parts.get(address), "text/html").body;
}

/* Cards that stay move to their new places, the others fade in. What is below does not move: the list keeps its height. */
function swap(list, fresh) {
  const places = new Map([...list.children].map((item) => [item.dataset.key, item.getBoundingClientRect()]));
  list.style.setProperty("min-height", `${list.offsetHeight}px`);
  list.replaceChildren(...fresh.children);
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const item of list.children) {
    const before = places.get(item.dataset.key);
    const now = item.getBoundingClientRect();
    const frames = before
      ? [{ transform: `translate(${before.left - now.left}px, ${before.top - now.top}px)` }, { transform: "none" }]
      : [{ opacity: 0, transform: "scale(.94)" }, { opacity: 1, transform: "none" }];
    item.animate(frames, { duration: 320, easing: "cubic-bezier(.2,.7,.2,1)" });
  }
}

const dial = document.querySelector("[data-dial]");
if (dial) {
  const range = dial.querySelector("input[type=range]");
  const said = dial.querySelector("output");
  const labels = [...dial.querySelectorAll("option")].map((option) => option.label);
  let timer = 0;

  const say = () => {
    said.textContent = labels[range.value];
    range.setAttribute("aria-valuetext", labels[range.value]);
  };

  const turn = async () => {
    const wanted = range.value;
    try {
      const body = await fetchPart(`${dial.dataset.dial}&dial=${wanted}`);
      if (wanted !== range.value) return; // it was turned on meanwhile
      const fresh = body.querySelector(".similar");
      if (!fresh) return;
      section().dataset.recommendationId = fresh.dataset.recommendationId;
      swap(section().querySelector(".grid"), fresh.querySelector(".grid").cloneNode(true));
      document.dispatchEvent(new CustomEvent("kindred:list", { detail: section() }));
      const here = new URL(location.href);
      here.searchParams.set("dial", wanted);
      history.replaceState(history.state, "", here);
    } catch {
      dial.submit(); // the page that comes then says what is wrong
    }
  };

  range.addEventListener("input", () => {
    say();
    clearTimeout(timer);
    timer = setTimeout(turn, WAIT_MS);
  });
  say();
}

const sheet = document.createElement("dialog");
sheet.className = "why-sheet";
document.body.append(sheet);
sheet.addEventListener("click", (event) => event.target === sheet && sheet.close()); // beside it

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-why]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  try {
    const body = await fetchPart(link.dataset.why);
    const close = document.createElement("form");
    close.method = "dialog";
    close.innerHTML = '<button class="icon-button"><svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M6 6l12 12M18 6 6 18"/></svg></button>';
    close.querySelector("button").setAttribute("aria-label", section().dataset.close);
    sheet.setAttribute("aria-label", link.textContent.trim());
    sheet.replaceChildren(close, ...[...body.children].map((part) => part.cloneNode(true)));
    sheet.showModal();
  } catch {
    location.assign(link.href);
  }
});
