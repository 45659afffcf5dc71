/* The text composition of a space as rows: name, fields, weight and languages of each part. The textarea is what is sent,
   and is written only when somebody changes something here; what a part has beside that stays. */
addEventListener("DOMContentLoaded", () => {
  const OWN = '""'; // how the catalogue's own wording is written among languages
  const split = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

  function readParts(text) {
    try {
      const parts = JSON.parse(text);
      const isPart = (part) => part && typeof part === "object" && Array.isArray(part.fields) && (part.languages === undefined || Array.isArray(part.languages));
      return Array.isArray(parts) && parts.every(isPart) ? parts : null;
    } catch {
      return null;
    }
  }

  for (const editor of document.querySelectorAll("[data-json-parts]")) {
    const field = document.getElementById(editor.dataset.field);
    const rows = editor.querySelector("[data-rows]");
    const template = editor.querySelector("[data-row-template]");
    const toggle = editor.querySelector("[data-raw]");
    const add = editor.querySelector("[data-add]");
    if (!field) continue;

    function mark(input, problem) {
      input.classList.toggle("is-wrong", Boolean(problem));
      input.toggleAttribute("aria-invalid", Boolean(problem));
      input.title = problem;
    }

    function write() {
      field.value = JSON.stringify([...rows.children].map((row) => {
        const input = (name) => row.querySelector(`[data-part=${name}]`);
        const part = { ...row.kept, name: input("name").value.trim(), fields: split(input("fields").value) };
        const weight = input("weight").value.trim();
        mark(input("weight"), /^\d+(\.\d+)?$/.test(weight) ? "" : editor.dataset.saidNumber);
        mark(input("fields"), part.fields.length ? "" : editor.dataset.saidFields);
        part.weight = Number.isFinite(Number(weight)) && weight ? Number(weight) : weight; // the server says what is wrong
        const languages = split(input("languages").value).map((one) => (one === OWN ? "" : one));
        if (languages.length) part.languages = languages;
        else delete part.languages;
        return part;
      }), null, 2);
    }

    function addRow(part) {
      const row = template.content.firstElementChild.cloneNode(true);
      row.kept = part; // an element has a `part` of its own
      row.querySelector("[data-part=name]").value = part.name ?? "";
      row.querySelector("[data-part=fields]").value = part.fields.join(", ");
      row.querySelector("[data-part=weight]").value = part.weight ?? "";
      row.querySelector("[data-part=languages]").value = (part.languages ?? []).map((one) => one || OWN).join(", ");
      row.addEventListener("input", write);
      row.querySelector("[data-remove]").addEventListener("click", () => {
        row.remove();
        write();
        add.focus();
      });
      rows.append(row);
      return row;
    }

    function show(isRaw) {
      field.classList.toggle("is-edited", !isRaw);
      toggle.setAttribute("aria-expanded", String(isRaw));
      rows.hidden = add.hidden = isRaw;
    }

    function draw() {
      const parts = readParts(field.value);
      if (!parts) return false;
      rows.replaceChildren();
      for (const part of parts) addRow(part);
      show(false);
      return true;
    }

    add.addEventListener("click", () => addRow({ name: "", fields: [], weight: 0.5 }).querySelector("input").focus());
    toggle.addEventListener("click", () => {
      if (!field.classList.contains("is-edited") && draw()) return;
      show(true);
      field.focus();
    });
    if (draw()) editor.hidden = false;
  }
});
