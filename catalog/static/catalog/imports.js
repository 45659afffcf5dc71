/* A file that is chosen or dropped is sent at once, in pieces: as large as it may be, with a bar, and over a connection
   that drops a request now and then. Without scripts the form sends it as a whole. */
addEventListener("DOMContentLoaded", () => {
  const PIECE_BYTES = 4 * 1024 * 1024;
  const TRIES = 4;
  const WAIT_MS = 1000; // before the second try, and twice as long before each further one
  const form = document.getElementById("import-drop");
  if (!form) return;
  const chosen = form.querySelector("#import-choose");
  const pictures = form.querySelector("#import-pictures");
  const sending = form.querySelector(".import-sending");
  const failure = form.querySelector(".import-failure");
  form.classList.add("is-scripted");

  async function post(address, values) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    for (const [name, value] of Object.entries(values)) body.append(name, value);
    for (let tried = 1; ; tried++) {
      const response = await fetch(address, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
      const isJson = response?.headers.get("Content-Type")?.includes("json");
      if (isJson) {
        const said = await response.json();
        if (said.error) throw new Error(said.error);
        return said.address;
      }
      if (tried === TRIES || (response && response.status < 500)) throw new Error(form.dataset.failed);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * 2 ** (tried - 1)));
    }
  }

  async function sendPart(address, part, file, show) {
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      await post(address, { part, at, piece: file.slice(at, at + PIECE_BYTES) });
      show(Math.min(file.size - at, PIECE_BYTES));
    }
  }

  async function send(file, zip) {
    failure.hidden = true;
    sending.hidden = false;
    sending.querySelector("span").textContent = form.dataset.sending.replace("{name}", file.name);
    const bar = sending.querySelector("progress");
    const total = file.size + (zip?.size ?? 0);
    let done = 0;
    const show = (more) => { done += more; bar.value = total ? done / total : 1; };
    try {
      const address = await post(form.dataset.begin, { name: file.name });
      if (zip) await sendPart(address, "pictures", zip, show);
      await sendPart(address, "file", file, show);
      location.assign(await post(address, { part: "file", at: file.size, is_last: "yes" }));
    } catch (error) {
      sending.hidden = true;
      failure.hidden = false;
      failure.textContent = error.message;
      form.reset();
    }
  }

  chosen.addEventListener("change", () => {
    if (chosen.files.length) send(chosen.files[0], pictures.files[0]);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen.files.length) send(chosen.files[0], pictures.files[0]);
  });
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("is-over");
    });
  }
  form.addEventListener("dragleave", () => form.classList.remove("is-over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    const files = [...event.dataTransfer.files];
    const zip = files.length > 1 ? files.find((file) => file.name.toLowerCase().endsWith(".zip")) : undefined;
    const file = files.find((one) => one !== zip);
    if (file) send(file, zip ?? pictures.files[0]);
  });
});
