// Light or dark without a new page. The server is told, and writes it into the next page; without scripts a form does.
const device = matchMedia("(prefers-color-scheme: dark)");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches(".theme-switch")) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const isOfDevice = (theme === "dark") === device.matches; // what the device says need not be kept
  const body = new URLSearchParams(new FormData(form));
  body.set("theme", isOfDevice ? "" : theme);
  if (isOfDevice) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  document.querySelector("meta[name=color-scheme]").content = isOfDevice ? "light dark" : theme;
  form.querySelector(theme === "dark" ? ".to-light" : ".to-dark").focus();
  fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
});
