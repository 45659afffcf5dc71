// What was compared last, for as long as the tab is open: a product's link to compare puts the product beside it.
const KEY = "kindred-compared";
const MOST = 3;

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((sku) => typeof sku === "string") : [];
  } catch {
    return []; // no place to keep anything, or what is there is not ours
  }
}

const table = document.querySelector("[data-compared]");
if (table) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(table.dataset.compared.split("\n")));
  } catch {} // as above
}

const link = document.querySelector("a[data-compare]");
if (link) {
  const others = read().filter((sku) => sku !== link.dataset.compare).slice(0, MOST - 1);
  const address = new URL(link.href);
  for (const sku of others) address.searchParams.append("sku", sku);
  link.href = address.href;
}
