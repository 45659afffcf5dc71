/* While the slider moves, the lists follow. Without this script the button "Look" asks for them. */
addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-dial]");
  const preview = document.querySelector("#dial-preview");
  if (!form || !preview) return;
  const kept = document.querySelector("[data-keep]");
  let timer = 0;
  let asked = null;

  async function show() {
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams(new FormData(form));
    history.replaceState(null, "", `?${query}`);
    query.set("part", "preview");
    preview.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(`?${query}`, { signal: asked.signal, credentials: "same-origin" });
      if (!response.ok || response.redirected) throw new Error(response.status);
      preview.innerHTML = await response.text(); // our own template: escaped by the server
      preview.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name === "AbortError") return;
      preview.textContent = preview.dataset.failed;
      preview.removeAttribute("aria-busy");
    }
  }

  form.weight.addEventListener("input", () => {
    for (const said of document.querySelectorAll("[data-said]")) said.textContent = Number(form.weight.value).toFixed(2);
    if (kept) kept.value = form.weight.value;
    clearTimeout(timer);
    timer = setTimeout(show, 150);
  });
  form.category.addEventListener("change", () => {
    form.weight.disabled = true; // the page shows the weight that holds there
    form.submit();
  });
  form.sku.addEventListener("change", show);
});
