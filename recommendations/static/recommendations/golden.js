/* The queue of golden pairs: an answer by button or key, and the next pair without loading the page. Without this script
   its forms do the same, one page load each. */
addEventListener("DOMContentLoaded", () => {
  const queue = document.querySelector("#golden");
  if (!queue) return;
  const said = document.querySelector("#golden-said");
  const told = document.querySelector("#golden-told");
  const NO_KEYS_IN = "input:not([type=hidden]), textarea, select, [contenteditable]";
  const OWN_SPACE = "a, button, summary, label";
  let isBusy = false;

  function complain(text) {
    said.textContent = text;
    said.hidden = !text;
  }

  async function send(form, submitter) {
    if (isBusy) return; // the key that is pressed twice answers one question
    isBusy = true;
    queue.setAttribute("aria-busy", "true");
    const body = new FormData(form);
    if (submitter?.name) body.set(submitter.name, submitter.value);
    try {
      const response = await fetch(form.action, {
        method: "POST", body, credentials: "same-origin", headers: { "X-Requested-With": "XMLHttpRequest" },
      });
      if (!response.ok || response.redirected) {
        complain(response.status === 403 ? queue.dataset.forbidden : queue.dataset.failed);
        return;
      }
      const hadFocus = queue.contains(document.activeElement) ? (document.activeElement.value ?? "") : null;
      queue.innerHTML = await response.text(); // our own template: escaped by the server
      complain("");
      told.textContent = queue.querySelector("[data-told]")?.dataset.told ?? "";
      if (hadFocus !== null) {
        const same = queue.querySelector(`.golden-answers [value="${CSS.escape(hadFocus)}"]`);
        (same ?? queue.querySelector("button"))?.focus({ preventScroll: true });
      }
      if (location.search) history.replaceState(null, "", location.pathname); // a pair that was asked for is answered
    } catch {
      complain(queue.dataset.failed);
    } finally {
      isBusy = false;
      queue.removeAttribute("aria-busy");
    }
  }

  queue.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target, event.submitter);
  });

  addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || target.closest(NO_KEYS_IN)) return;
    if (event.key === " " && target.closest(OWN_SPACE)) return; // space presses what has the focus
    const key = event.key.toLowerCase();
    const meant = [...queue.querySelectorAll("[data-keys]")].find((one) => key.length === 1 && one.dataset.keys.includes(key));
    if (!meant) return;
    event.preventDefault();
    if (meant.matches("form")) send(meant, null);
    else send(meant.form, meant);
  });
});
