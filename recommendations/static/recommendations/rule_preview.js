/* Asks for the effect of the rule as the form stands, whenever the form changes. jQuery hears select2 too. */
addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector(".rule-preview");
  if (!panel) return;
  const form = panel.closest("form");
  const result = panel.querySelector(".rule-preview-result");
  let asked = null;
  let timer = 0;

  async function show() {
    asked?.abort();
    asked = new AbortController();
    try {
      const response = await fetch(panel.dataset.url, { method: "POST", body: new FormData(form), signal: asked.signal });
      if (!response.ok) throw new Error(response.status);
      result.innerHTML = await response.text(); // our own template: escaped by the server
    } catch (error) {
      if (error.name !== "AbortError") result.textContent = "The preview is not available now.";
    }
  }

  django.jQuery(form).on("change input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
  show();
});
