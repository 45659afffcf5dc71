/* Asks for the effect of the rule as the form stands, whenever the form changes. jQuery hears select2 too. One question
   at a time: while one is answered, the rule is locked, and another would only wait for it. */
addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector(".rule-preview");
  if (!panel) return;
  const form = panel.closest("form");
  const result = panel.querySelector(".rule-preview-result");
  let isAsking = false;
  let hasChanged = false;
  let timer = 0;

  async function show() {
    hasChanged = true;
    if (isAsking) return;
    isAsking = true;
    result.setAttribute("aria-busy", "true");
    while (hasChanged) {
      hasChanged = false;
      try {
        const response = await fetch(panel.dataset.url, { method: "POST", body: new FormData(form) });
        if (!response.ok || response.redirected) throw new Error(response.status);
        const text = await response.text();
        if (!hasChanged) result.innerHTML = text; // our own template: escaped by the server
      } catch {
        result.textContent = result.dataset.failed;
      }
    }
    isAsking = false;
    result.removeAttribute("aria-busy");
  }

  django.jQuery(form).on("change input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
  show();
});
