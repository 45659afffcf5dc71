/* Offers names of brands, attributes and values while somebody types: a list of the browser's own, so that keyboard,
   screen reader and phone know it. Without this script the fields take what is typed. */
addEventListener("DOMContentLoaded", () => {
  for (const input of document.querySelectorAll("input[data-names]")) {
    const list = document.createElement("datalist");
    list.id = `${input.id}_names`;
    input.after(list);
    input.setAttribute("list", list.id);
    let asked = null;
    let timer = 0;

    async function offer() {
      const attribute = input.form.elements.target_attribute?.value ?? "";
      const url = `${input.dataset.names}?${new URLSearchParams({ of: input.dataset.of, part: input.value, attribute })}`;
      if (list.dataset.url === url) return;
      asked?.abort();
      asked = new AbortController();
      try {
        const response = await fetch(url, { signal: asked.signal, credentials: "same-origin" });
        if (!response.ok || response.redirected) return; // somebody who may not ask types without help
        const { names } = await response.json();
        list.dataset.url = url;
        list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
      } catch {
        // the next key asks again
      }
    }

    input.addEventListener("focus", offer);
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(offer, 150);
    });
  }
});
