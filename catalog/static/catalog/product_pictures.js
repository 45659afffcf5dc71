/* The pictures of a product: dropped, pasted or chosen files go up one by one, cards are dragged into order. Without this
   script the forms of the section do the same, one page load each. */
addEventListener("DOMContentLoaded", () => {
  const section = document.querySelector("[data-pictures]");
  if (!section) return;
  const list = section.querySelector("[data-list]");
  const uploads = section.querySelector("[data-uploads]");
  const said = section.querySelector("[role=alert]");
  const PREVIEW_PX = 96;
  const EVERY_MS = 2000;
  const MAX_LOOKS = 60;
  let waiting = Promise.resolve();
  let dragged = null;
  let looks = 0;
  let timer = null;
  section.classList.add("has-script");

  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const drop = () => list.querySelector("[data-drop]");

  function put(text) {
    const typed = list.querySelector("[name=url]#picture-url")?.value ?? "";
    const focused = document.activeElement?.id;
    list.innerHTML = text; // our own template: escaped by the server
    const field = list.querySelector("#picture-url");
    if (field) field.value = typed;
    if (focused && list.querySelector(`#${CSS.escape(focused)}`)) list.querySelector(`#${CSS.escape(focused)}`).focus({ preventScroll: true });
    watch();
  }

  function explain(status, text) {
    if (status === 403) return said.dataset.forbidden;
    if (status === 413) return said.dataset.large;
    try {
      return JSON.parse(text).problem ?? said.dataset.failed;
    } catch {
      return said.dataset.failed;
    }
  }

  /* The table below is of the page as it was loaded: sent along, it would put back what has just been changed. */
  function retireTable() {
    const group = document.querySelector("#images-group");
    if (!group || group.dataset.retired) return;
    group.dataset.retired = "yes";
    for (const name of ["TOTAL_FORMS", "INITIAL_FORMS"]) document.querySelector(`#id_images-${name}`).value = "0";
    const note = document.createElement("p");
    note.className = "desk-quiet";
    note.textContent = said.dataset.stale;
    group.before(note);
    group.hidden = true;
  }

  async function post(url, body) {
    section.setAttribute("aria-busy", "true");
    said.textContent = "";
    body.set("csrfmiddlewaretoken", token());
    try {
      const response = await fetch(url, { method: "POST", body, credentials: "same-origin", headers: { "X-Requested-With": "XMLHttpRequest" } });
      const text = await response.text();
      if (response.ok && !response.redirected) {
        retireTable();
        put(text);
      } else said.textContent = explain(response.status, text);
      return response.ok && !response.redirected;
    } catch {
      said.textContent = said.dataset.failed;
      return false;
    } finally {
      section.removeAttribute("aria-busy");
    }
  }

  // What a worker fetches is looked for until it is there, or said why it is not.
  function watch() {
    clearTimeout(timer);
    if (!list.querySelector("[data-on-its-way]")) {
      looks = 0;
      return;
    }
    if (looks++ < MAX_LOOKS) timer = setTimeout(look, EVERY_MS);
  }
  async function look() {
    try {
      const response = await fetch(section.dataset.pictures, { credentials: "same-origin" });
      const text = response.ok && !response.redirected ? await response.text() : "";
      if (text && !dragged) {
        if (text.match(/data-picture=/g)?.length !== list.innerHTML.match(/data-picture=/g)?.length) retireTable();
        put(text);
        return;
      }
    } catch {
      // the server is away for a moment: ask again
    }
    watch();
  }

  function show(file) {
    const item = document.createElement("li");
    const canvas = document.createElement("canvas");
    const name = document.createElement("span");
    const bar = document.createElement("progress");
    const state = document.createElement("span");
    canvas.width = canvas.height = PREVIEW_PX;
    canvas.setAttribute("aria-hidden", "true");
    name.className = "picture-address";
    name.textContent = file.name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    item.append(canvas, name, bar, state);
    uploads.append(item);
    createImageBitmap(file).then((bitmap) => {
      const scale = Math.min(PREVIEW_PX / bitmap.width, PREVIEW_PX / bitmap.height);
      const [width, height] = [bitmap.width * scale, bitmap.height * scale];
      canvas.getContext("2d").drawImage(bitmap, (PREVIEW_PX - width) / 2, (PREVIEW_PX - height) / 2, width, height);
    }).catch(() => canvas.remove()); // no picture that a browser can show: the server says why it is none
    return { item, bar, state };
  }

  function send(file, shown) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      const body = new FormData();
      body.set("csrfmiddlewaretoken", token());
      body.set("file", file);
      const end = (problem) => {
        shown.bar.remove();
        shown.item.classList.toggle("is-refused", Boolean(problem));
        shown.state.textContent = problem || said.dataset.added;
        if (!problem) setTimeout(() => shown.item.remove(), EVERY_MS);
        done();
      };
      request.upload.onprogress = (event) => { if (event.lengthComputable) shown.bar.value = event.loaded / event.total; };
      request.onerror = () => end(said.dataset.failed);
      request.onload = () => {
        if (request.status !== 200) return end(explain(request.status, request.responseText));
        retireTable();
        put(request.responseText);
        end("");
      };
      request.open("POST", section.dataset.add);
      request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      request.send(body);
    });
  }

  function add(files) {
    const form = drop();
    if (!form) return;
    for (const item of [...uploads.querySelectorAll(".is-refused")]) item.remove();
    for (const file of files) {
      const shown = show(file);
      if (file.size > Number(form.dataset.maxBytes)) {
        shown.bar.remove();
        shown.item.classList.add("is-refused");
        shown.state.textContent = form.dataset.tooLarge;
        continue;
      }
      waiting = waiting.then(() => send(file, shown)); // one after the other: in the order in which they were chosen
    }
  }

  section.addEventListener("change", (event) => {
    if (!event.target.matches("[type=file]")) return;
    add([...event.target.files]);
    event.target.value = "";
  });
  section.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (!form.matches("[data-deed]")) return;
    const field = form.querySelector("#picture-url");
    post(form.action, new FormData(form)).then((isDone) => {
      if (isDone && field) list.querySelector("#picture-url").value = "";
    });
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length && !event.target.closest?.("#product_form")) add(files);
  });

  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  section.addEventListener("dragover", (event) => {
    if (brings(event) && drop()) {
      event.preventDefault();
      section.classList.add("is-over");
      return;
    }
    const over = event.target.closest?.(".picture-card");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    const cards = [...list.querySelectorAll(".picture-card")];
    over[cards.indexOf(dragged) < cards.indexOf(over) ? "after" : "before"](dragged);
  });
  section.addEventListener("dragleave", (event) => { if (!section.contains(event.relatedTarget)) section.classList.remove("is-over"); });
  section.addEventListener("drop", (event) => {
    section.classList.remove("is-over");
    event.preventDefault();
    if (brings(event)) add([...event.dataTransfer.files]);
  });
  section.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".picture-card[draggable]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.picture);
    dragged.classList.add("is-dragged");
    dragged.dataset.from = String([...list.querySelectorAll(".picture-card")].indexOf(dragged));
  });
  section.addEventListener("dragend", () => {
    if (!dragged) return;
    const card = dragged;
    dragged = null;
    card.classList.remove("is-dragged");
    const cards = [...list.querySelectorAll(".picture-card")];
    if (String(cards.indexOf(card)) === card.dataset.from) return;
    const body = new FormData();
    body.set("order", cards.map((one) => one.dataset.picture).join(","));
    post(section.dataset.order, body);
  });
  watch();
});
