/* The blind test without reloading: an answer is sent, and the next question takes the place of the one before. Keys: left
   and right arrow, T for as good, S to skip. Without this script the buttons send the form. */
addEventListener("DOMContentLoaded", () => {
  const KEYS = { ArrowLeft: "left", ArrowRight: "right", t: "tie", s: "skip" };
  const place = document.getElementById("blind");
  const said = document.getElementById("blind-said");
  if (!place) return;

  async function send(form, answer) {
    if (place.hasAttribute("aria-busy")) return;  // one answer to one question
    place.setAttribute("aria-busy", "true");
    said.textContent = "";
    const body = new FormData(form);
    body.set("answer", answer);
    try {
      const response = await fetch(form.action, {
        method: "POST", body, credentials: "same-origin", headers: { "X-Requested-With": "XMLHttpRequest" },
      });
      if (!response.ok || response.redirected) throw new Error(response.statusText);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      place.replaceChildren(...page.body.childNodes);
      place.querySelector("[data-asked]")?.focus({ preventScroll: false });
    } catch {
      said.textContent = place.dataset.failed;
    }
    place.removeAttribute("aria-busy");
  }

  place.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-blind]") || !event.submitter) return;
    event.preventDefault();
    send(event.target, event.submitter.value);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const answer = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const form = place.querySelector("[data-blind]");
    if (!answer || !form) return;
    event.preventDefault();
    send(form, answer);
  });
});
