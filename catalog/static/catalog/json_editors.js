/* Editors of JSON objects in forms. The field that is sent is the textarea: it is written only when somebody changes
   something here, and what they did not touch is put back letter for letter, numbers of any length included. */
addEventListener("DOMContentLoaded", () => {
  const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
  const SHOWN_ROWS = 200;

  /* Return [name, text of the value] for each member of the JSON object in `text`; null where it is none. */
  function readMembers(text) {
    let whole;
    try {
      whole = JSON.parse(text.trim() || "{}");
    } catch {
      return null;
    }
    if (whole === null || typeof whole !== "object" || Array.isArray(whole)) return null;
    const members = [];
    const quoted = /"(?:[^"\\]|\\.)*"/gy;
    let at = text.indexOf("{") + 1;
    while (at > 0 && at < text.length) {
      while (/[\s,]/.test(text[at])) at++;
      if (text[at] === "}") break;
      quoted.lastIndex = at;
      const name = JSON.parse(quoted.exec(text)[0]);
      at = text.indexOf(":", quoted.lastIndex) + 1;
      const start = at;
      for (let depth = 0; at < text.length; at++) {
        if (text[at] === '"') {
          quoted.lastIndex = at;
          quoted.exec(text);
          at = quoted.lastIndex - 1;
        } else if ("[{".includes(text[at])) depth++;
        else if ("]}".includes(text[at]) && depth-- === 0) break;
        else if (text[at] === "," && depth === 0) break;
      }
      members.push([name, text.slice(start, at).trim()]);
    }
    return members;
  }

  /* An object of texts and numbers as lines, `width: 40`; null where they would not come back the same. */
  function showParts(raw) {
    const members = readMembers(raw);
    if (!members?.length) return null;
    const lines = members.map(([name, part]) => `${name}: ${part.startsWith('"') ? JSON.parse(part) : part}`);
    const back = readMembers(readParts(lines.join("\n")) ?? "");
    const isSame = back?.length === members.length && back.every(([name, part], index) => name === members[index][0] && part === members[index][1]);
    return isSame ? lines.join("\n") : null;
  }

  /* The JSON object that such lines stand for; null where a line is none. */
  function readParts(text) {
    const members = [];
    for (const line of text.split("\n").filter((one) => one.trim())) {
      const [, name, part] = /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      if (!name || members.some(([other]) => other === name)) return null;
      members.push([name, NUMBER.test(part) || part === "true" || part === "false" ? part : JSON.stringify(part)]);
    }
    return writeMembers(members);
  }

  const writeMembers = (members) => members.length ? `{\n${members.map(([name, raw]) => `  ${JSON.stringify(name)}: ${raw}`).join(",\n")}\n}` : "{}";

  function setUp(editor, { draw }) {
    const field = document.getElementById(editor.dataset.field);
    const toggle = editor.querySelector("[data-raw]");
    if (!field) return null;
    const show = (isRaw) => {
      field.classList.toggle("is-edited", !isRaw);
      toggle.setAttribute("aria-expanded", String(isRaw));
      for (const part of editor.children) if (!part.contains(toggle) && part.tagName !== "TEMPLATE" && part.tagName !== "SCRIPT") part.hidden = isRaw;
      for (const part of toggle.parentElement.children) if (part !== toggle) part.hidden = isRaw;
    };
    const read = () => {
      const members = readMembers(field.value);
      if (members && members.length <= SHOWN_ROWS) draw(members);
      return members && members.length <= SHOWN_ROWS;
    };
    toggle.addEventListener("click", () => {
      if (!field.classList.contains("is-edited")) {
        if (read()) show(false);
        else field.focus();
      } else {
        show(true);
        field.focus();
      }
    });
    if (read()) {
      editor.hidden = false;
      show(false);
    }
    return field;
  }

  function editRows(editor) {
    const rows = editor.querySelector("[data-rows]");
    const template = editor.querySelector("[data-row-template]");
    const hasUnits = editor.hasAttribute("data-has-units");
    const said = editor.dataset;
    let field = null;

    /* `weight_g` is weight in g, as pages show it. */
    function splitUnit(name, row) {
      const [, stem, separator, unit] = /^(.+)([_-])([^_-]+)$/.exec(name) ?? [];
      const known = unit && [...(row.querySelector("[data-unit]")?.options ?? [])].some((option) => option.value && option.value === unit.toLowerCase());
      return known ? [stem, unit.toLowerCase(), separator + unit] : [name, "", ""];
    }

    function kindOf(value, raw) {
      if (typeof value === "number") return "number";
      if (typeof value === "boolean") return "flag";
      if (typeof value === "string") return "text";
      if (Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "" && one.trim() === one && !/[\r\n]/.test(one))) return "list";
      return showParts(raw) === null ? "json" : "parts";
    }

    function makeControl(row, kind, value, raw) {
      const place = row.querySelector("[data-value]");
      let control = document.createElement(kind === "flag" ? "select" : kind === "text" && !/[\r\n]/.test(value ?? "") || kind === "number" ? "input" : "textarea");
      control.setAttribute("aria-label", { list: place.dataset.labelList, parts: place.dataset.labelParts }[kind] ?? place.dataset.label);
      if (kind === "flag") {
        for (const [flag, word] of [["true", place.dataset.yes], ["false", place.dataset.no]]) control.append(new Option(word, flag));
        control.value = String(value === true || value === "true");
      } else if (kind === "list") {
        control.rows = Math.min(Math.max((value ?? []).length, 2), 8);
        control.value = (value ?? []).join("\n");
      } else if (kind === "parts") {
        control.value = showParts(raw ?? "") ?? value ?? "";
        control.rows = Math.min(Math.max(control.value.split("\n").length, 2), 8);
      } else if (kind === "json") {
        control.rows = Math.min((raw ?? "").split("\n").length, 10);
        control.dataset.mono = "";
        control.value = raw ?? "";
      } else {
        if (kind === "number") control.inputMode = "decimal";
        else if (control.tagName === "TEXTAREA") control.rows = 3;
        control.value = kind === "number" ? raw ?? "" : value ?? "";
      }
      place.replaceChildren(control);
      return control;
    }

    /* Return the JSON text of a row's value, or what is wrong with it. */
    function readValue(row) {
      if (!row.isTouched) return { raw: row.raw };
      const control = row.querySelector("[data-value] > *");
      const kind = row.kind;
      if (kind === "flag") return { raw: control.value };
      if (kind === "list") return { raw: JSON.stringify(control.value.split("\n").map((one) => one.trim()).filter(Boolean)) };
      if (kind === "text") return { raw: JSON.stringify(control.value) };
      if (kind === "parts") {
        const raw = readParts(control.value);
        return raw === null ? { problem: said.saidParts } : { raw };
      }
      const typed = control.value.trim();
      if (kind === "number") return NUMBER.test(typed) ? { raw: typed } : { problem: said.saidNumber };
      try {
        JSON.parse(typed);
        return { raw: typed };
      } catch {
        return { problem: said.saidJson };
      }
    }

    const readName = (row) => {
      const typed = row.querySelector("[data-name]").value.trim();
      if (!row.isNamed) return row.name;
      const unit = row.querySelector("[data-unit]")?.value ?? "";
      return unit ? `${typed}${row.suffix && row.suffix.slice(1).toLowerCase() === unit ? row.suffix : `_${unit}`}` : typed;
    };

    function mark(row, control, problem) {
      row.querySelector(".json-problem")?.remove();
      for (const one of row.querySelectorAll(".is-wrong")) {
        one.classList.remove("is-wrong");
        one.removeAttribute("aria-invalid");
      }
      if (!problem) return;
      control.classList.add("is-wrong");
      control.setAttribute("aria-invalid", "true");
      const note = document.createElement("span");
      note.className = "json-problem";
      note.setAttribute("role", "alert");
      note.textContent = problem;
      row.append(note);
    }

    function write() {
      const names = new Set();
      const members = [];
      for (const row of rows.children) {
        const name = readName(row);
        const { raw, problem } = readValue(row);
        const isBlank = !name && !row.querySelector("[data-value] > *").value.trim();
        const nameField = row.querySelector("[data-name]");
        if (isBlank && row.isNew) mark(row);
        else if (!name && row.isNamed) mark(row, nameField, said.saidName);
        else if (names.has(name)) mark(row, nameField, said.saidTwice);
        else if (problem) mark(row, row.querySelector("[data-value] > *"), problem);
        else {
          mark(row);
          members.push([name, raw]);
        }
        names.add(name);
      }
      field.value = writeMembers(members);
    }

    function addRow([name, raw], isNew = false) {
      const row = template.content.firstElementChild.cloneNode(true);
      const value = isNew ? "" : JSON.parse(raw);
      const kinds = row.querySelector("[data-kind]");
      Object.assign(row, { raw, name, isNew, isTouched: isNew, isNamed: isNew, kind: isNew ? (hasUnits ? "text" : "number") : hasUnits || typeof value === "number" ? kindOf(value, raw) : "json" });
      if (kinds) kinds.value = row.kind;
      const [stem, unit, suffix] = splitUnit(name, row);
      row.suffix = suffix;
      row.querySelector("[data-name]").value = stem;
      if (unit) row.querySelector("[data-unit]").value = unit;
      makeControl(row, row.kind, value, raw);
      kinds?.addEventListener("change", () => changeKind(row, kinds.value));
      row.addEventListener("input", (event) => {
        if (event.target.matches("[data-kind]")) return;
        if (event.target.matches("[data-name], [data-unit]")) row.isNamed = true;
        else row.isTouched = true;
        write();
      });
      row.querySelector("[data-remove]").addEventListener("click", () => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        write();
        (next?.querySelector("[data-remove]") ?? editor.querySelector("[data-add]")).focus();
      });
      rows.append(row);
      return row;
    }

    /* What was written stays, as far as the other kind can hold it. */
    function changeKind(row, kind) {
      const control = row.querySelector("[data-value] > *");
      const before = readValue(row).raw;
      const typed = control.value;
      row.kind = kind;
      row.isTouched = true;
      const list = typed.split(row.kind === "list" && /[\r\n]/.test(typed) ? "\n" : /\s*[,;\n]\s*/).filter(Boolean);
      const value = { text: typed.replace(/\n/g, ", "), number: typed, flag: typed, list, parts: typed, json: typed }[kind];
      makeControl(row, kind, value, kind === "parts" ? before : kind === "json" ? before ?? JSON.stringify(typed) : kind === "number" ? typed.trim() : undefined);
      write();
    }

    editor.querySelector("[data-add]").addEventListener("click", () => addRow(["", '""'], true).querySelector("[data-name]").focus());
    field = setUp(editor, { draw: (members) => { rows.replaceChildren(); for (const member of members) addRow(member); } });
    field?.form?.addEventListener("submit", (event) => {
      const wrong = editor.hidden || !field.classList.contains("is-edited") ? null : rows.querySelector(".is-wrong");
      if (!wrong) return;
      event.preventDefault(); // or the row would be left out unseen
      event.stopImmediatePropagation();
      wrong.focus();
    });
  }

  function editTabs(editor) {
    const tabs = editor.querySelector("[data-tabs]");
    const panels = editor.querySelector("[data-panels]");
    const template = editor.querySelector("[data-panel-template]");
    const usual = JSON.parse(editor.querySelector("script[type='application/json']").textContent);
    const names = new Map(usual);
    let field = null;
    let languages = [];

    function choose(tab) {
      for (const one of tabs.children) {
        const isChosen = one === tab;
        one.setAttribute("aria-selected", String(isChosen));
        one.tabIndex = isChosen ? 0 : -1;
        document.getElementById(one.getAttribute("aria-controls")).hidden = !isChosen;
      }
    }

    function write() {
      field.value = writeMembers(languages.filter((one) => one.raw !== null && !(one.isTouched && one.raw === "{}")).map((one) => [one.code, one.raw]));
    }

    function addTab(code, raw) {
      const language = { code, raw, isTouched: false };
      let wording = raw === null ? {} : JSON.parse(raw);
      const isObject = wording !== null && typeof wording === "object" && !Array.isArray(wording);
      const panel = template.content.firstElementChild.cloneNode(true);
      const tab = document.createElement("button");
      panel.id = `${editor.dataset.field}_panel_${languages.length}`;
      tab.type = "button";
      tab.id = `${panel.id}_tab`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("aria-labelledby", tab.id);
      const word = () => { tab.textContent = `${names.get(code) ?? code}${names.has(code) ? ` (${code})` : ""}${language.raw === null || language.raw === "{}" ? " –" : ""}`; };
      word();
      for (const part of panel.querySelectorAll("[data-part]")) {
        part.lang = code;
        part.value = isObject && typeof wording[part.dataset.part] === "string" ? wording[part.dataset.part] : "";
        part.disabled = !isObject;
        part.addEventListener("input", () => {
          if (part.value) wording = { ...wording, [part.dataset.part]: part.value };
          else delete wording[part.dataset.part];
          language.raw = JSON.stringify(wording);
          language.isTouched = true;
          word();
          write();
        });
      }
      tab.addEventListener("click", () => choose(tab));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const all = [...tabs.children];
        const next = all[(all.indexOf(tab) + step + all.length) % all.length];
        choose(next);
        next.focus();
      });
      languages.push(language);
      tabs.append(tab);
      panels.append(panel);
      return tab;
    }

    function draw(members) {
      languages = [];
      tabs.replaceChildren();
      panels.replaceChildren();
      const known = new Map(members);
      for (const [code] of usual) if (!known.has(code)) known.set(code, null);
      for (const [code, raw] of known) addTab(code, raw);
      if (tabs.firstElementChild) choose(tabs.firstElementChild);
    }

    const input = editor.querySelector("[data-language]");
    const addLanguage = () => {
      const code = input.value.trim().toLowerCase().replace("_", "-");
      const isCode = /^[a-z]{2,3}(-[a-z0-9]{2,8})?$/.test(code);
      input.toggleAttribute("aria-invalid", Boolean(code) && !isCode);
      if (!isCode) return input.focus();
      const index = languages.findIndex((one) => one.code === code);
      const tab = index < 0 ? addTab(code, null) : tabs.children[index];
      input.value = "";
      choose(tab);
      tab.focus();
    };
    editor.querySelector("[data-add]").addEventListener("click", addLanguage);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      addLanguage();
    });
    field = setUp(editor, { draw });
  }

  for (const editor of document.querySelectorAll("[data-json-editor]")) (editor.dataset.jsonEditor === "tabs" ? editTabs : editRows)(editor);
});
