/* Names for the fields that Django's admin shows without one that a screen reader can say: cells of a list that can be
   edited, boxes that select a row, the two halves of a date, and the boxes of select2, which come later. */
addEventListener("DOMContentLoaded", () => {
  const text = (node) => node?.textContent.replace(/[:\s]+/g, " ").trim() ?? "";

  const nameOf = (row) => {
    const cells = [...row.querySelectorAll("th a, td a, th, td:not(.action-checkbox)")];
    const pictured = row.querySelector("img[alt]:not([alt=''])")?.alt;
    return (cells.map(text).find(Boolean) || pictured || "✓").slice(0, 80);
  };

  function nameCells() {
    for (const row of document.querySelectorAll("#result_list tbody tr, .tabular tbody tr")) {
      const headings = row.closest("table").querySelectorAll("thead th");
      for (const field of row.querySelectorAll("input:not([type=hidden]), select, textarea")) {
        const selects = field.classList.contains("action-select");
        if (field.labels?.length || (field.getAttribute("aria-label") && !selects)) continue;
        const heading = text(headings[field.closest("td, th").cellIndex]);
        field.setAttribute("aria-label", selects ? nameOf(row) : [heading, row.closest("#result_list") && nameOf(row)].filter(Boolean).join(": "));
      }
    }
  }

  function nameHalves() {
    for (const field of document.querySelectorAll(".vDateField, .vTimeField, .vForeignKeyRawIdAdminField")) {
      if (field.labels?.length || field.getAttribute("aria-label")) continue;
      const box = field.closest(".fieldBox, .form-row, td");
      const heading = text(box?.querySelector("legend, label")) || text(document.querySelector(`label[for^="${CSS.escape(field.id.replace(/_\d$/, ""))}"]`));
      const half = text(field.previousSibling) || text(field.closest("p")?.firstChild);
      field.setAttribute("aria-label", [heading, half].filter(Boolean).join(" "));
    }
  }

  function nameLateOnes() {
    for (const box of document.querySelectorAll(".select2-selection[role=combobox]:not([data-named])")) {
      const label = box.closest(".select2-container")?.previousElementSibling?.labels?.[0];
      if (!label) continue;
      box.dataset.named = "";
      label.id ||= `${label.htmlFor}_label`;
      const chosen = box.querySelector("[role=textbox]");
      box.setAttribute("aria-labelledby", chosen?.id ? `${label.id} ${chosen.id}` : label.id);
      chosen?.setAttribute("aria-labelledby", label.id);
    }
    for (const tip of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) tip.setAttribute("role", "img");
    for (const field of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
      const open = document.querySelector(".select2-container--open")?.previousElementSibling ?? field.closest(".select2")?.previousElementSibling;
      field.setAttribute("aria-label", text(open?.labels?.[0]) || open?.name || "…");
    }
  }

  const search = document.querySelector("#searchbar");
  if (search && !text(search.labels?.[0])) search.setAttribute("aria-label", search.form.querySelector("[type=submit]")?.value ?? "");
  nameCells();
  nameHalves();
  nameLateOnes();
  new MutationObserver(nameLateOnes).observe(document.body, { childList: true, subtree: true });
});
