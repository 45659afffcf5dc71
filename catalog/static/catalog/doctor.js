/* The doctor's lists: one box that selects all of a page. Without scripts each is selected by itself. */
const all = document.querySelector("[data-select-all]");
if (all) {
  const boxes = [...document.querySelectorAll('input[name="finding"][form="selected"]')];
  all.closest("label").hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  boxes.forEach((box) => box.addEventListener("change", () => { all.checked = boxes.every((one) => one.checked); }));
}
