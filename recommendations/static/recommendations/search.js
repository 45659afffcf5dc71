// Suggestions while typing: a combobox as the ARIA Authoring Practices describe it. Without scripts the form works.
document.querySelectorAll(".search-words[data-suggestions]").forEach((form) => {
  const input = form.querySelector("input[name=q]");
  const list = document.createElement("ul");
  list.id = "search-suggestions";
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.placeholder);
  list.hidden = true;
  form.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) {
    input.setAttribute(name, value);
  }
  let asked = null;
  let timer = 0;
  let chosen = -1;

  // Who has closed the list, or is choosing from it, is not given another one that was still on its way.
  const stopAsking = () => {
    clearTimeout(timer);
    asked?.abort();
  };

  const close = () => {
    stopAsking();
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (index) => {
    const options = [...list.children];
    if (!options.length) return;
    stopAsking();
    chosen = (index + options.length) % options.length;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    input.setAttribute("aria-activedescendant", options[chosen].id);
    options[chosen].scrollIntoView({ block: "nearest" });
  };

  const add = (one) => {
    const option = document.createElement("li");
    option.id = `suggestion-${list.children.length}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.url = one.url;
    if (one.image) {
      const image = document.createElement("img");
      image.src = one.image;
      image.alt = "";
      image.width = image.height = 36;
      option.append(image);
    }
    const name = document.createElement("span");
    name.textContent = one.label;
    option.append(name);
    if (one.price) {
      const price = document.createElement("span");
      price.className = "muted";
      price.textContent = one.price;
      option.append(price);
    }
    list.append(option);
  };

  const show = ({ suggestions, did_you_mean: meant }) => {
    list.replaceChildren();
    suggestions.forEach(add);
    if (meant) add({ label: `${form.dataset.meant}: ${meant}`, url: `${form.action}?q=${encodeURIComponent(meant)}` });
    if (!list.children.length) return close();
    chosen = -1;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  };

  const ask = async () => {
    stopAsking();
    const text = input.value.trim();
    if (!text) return close();
    asked = new AbortController();
    try {
      const response = await fetch(`${form.dataset.suggestions}?q=${encodeURIComponent(text)}`, { signal: asked.signal });
      if (response.ok && document.activeElement === input) show(await response.json());
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(ask, 120); // what an input method has not finished is no text yet
  });
  input.addEventListener("compositionend", ask);
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (list.hidden) return;
    if (event.key === "Escape") {
      event.preventDefault(); // the first closes the list, and leaves what was typed
      close();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    }
    if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      location.assign(list.children[chosen].dataset.url);
    }
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) {
      event.preventDefault();
      location.assign(option.dataset.url);
    }
  });
});

// A frame is drawn on the photo, or moved with the arrow keys; without scripts parts are chosen from a list.
document.querySelectorAll(".photo-crop").forEach((form) => {
  const frames = [...form.querySelectorAll(".photo-frame")];
  if (frames.length !== 1) return; // several photos are looked at as wholes
  const [frame] = frames;
  const select = form.querySelector("select");
  const box = document.createElement("span");
  box.className = "crop-box";
  box.tabIndex = 0;
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", form.querySelector(".photo-hint").textContent);
  frame.append(box);
  form.classList.add("has-frame");
  let shares = (form.dataset.crop || "0,0,1,1").split(",").map(Number);
  let start = null;

  const draw = () => {
    const [left, top, right, bottom] = shares;
    box.style.setProperty("left", `${100 * left}%`);
    box.style.setProperty("top", `${100 * top}%`);
    box.style.setProperty("width", `${100 * (right - left)}%`);
    box.style.setProperty("height", `${100 * (bottom - top)}%`);
  };

  const put = () => {
    const value = shares.map((share) => share.toFixed(3)).join(",");
    const option = select.querySelector("[data-own]") || select.appendChild(document.createElement("option"));
    option.dataset.own = "";
    option.value = value;
    option.textContent = select.dataset.own;
    option.selected = true;
    draw();
  };

  const at = (event) => {
    const around = frame.getBoundingClientRect();
    const share = (value, from, size) => Math.min(1, Math.max(0, (value - from) / size));
    return [share(event.clientX, around.left, around.width), share(event.clientY, around.top, around.height)];
  };

  frame.addEventListener("pointerdown", (event) => {
    start = at(event);
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = at(event);
    shares = [Math.min(start[0], x), Math.min(start[1], y), Math.max(start[0], x), Math.max(start[1], y)];
    draw();
  });
  frame.addEventListener("pointercancel", () => (start = null));
  frame.addEventListener("pointerup", () => {
    start = null;
    if (shares[2] - shares[0] < 0.05 || shares[3] - shares[1] < 0.05) shares = [0, 0, 1, 1];
    put();
    form.requestSubmit();
  });
  box.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const step = 0.05;
    const [x, y] = move.map((sign) => sign * step);
    shares = event.shiftKey
      ? [shares[0], shares[1], Math.min(1, Math.max(shares[0] + step, shares[2] + x)), Math.min(1, Math.max(shares[1] + step, shares[3] + y))]
      : [shares[0] + x, shares[1] + y, shares[2] + x, shares[3] + y].every((share) => share >= 0 && share <= 1)
        ? [shares[0] + x, shares[1] + y, shares[2] + x, shares[3] + y]
        : shares;
    put();
  });
  draw();
});
