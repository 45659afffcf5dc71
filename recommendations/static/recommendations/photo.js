// Search by photo: one that is chosen, taken, dropped anywhere on the page, or pasted. Without scripts the forms have
// buttons of their own. Photos are written anew here, small ones too: that leaves out where and when they were taken, and
// makes a JPEG of whatever the browser can show.
const SIDE = 1600; // pixels of the longer side: more than the server keeps
const panel = document.getElementById("search-photo");
const main = panel.querySelector("form[data-searching]");
const said = panel.querySelector(".photo-said");

async function shrink(file) {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#fff"; // under what is transparent
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file; // the server says what is wrong with it
  }
}

async function send(form, files) {
  const photos = [...files].filter((file) => file.type.startsWith("image/") || !file.type);
  said.textContent = photos.length ? main.dataset.searching : main.dataset.none;
  if (!photos.length) return;
  const chosen = new DataTransfer();
  for (const photo of photos) chosen.items.add(await shrink(photo));
  const input = form.querySelector("input[type=file]");
  input.files = chosen.files;
  form.submit();
}

for (const form of panel.querySelectorAll("form")) {
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", () => send(form, input.files));
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
const open = () => panel.matches(":popover-open") || panel.showPopover();

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  open();
  panel.classList.add("is-target");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget) return; // it goes on over another part of the page
  panel.classList.remove("is-target");
  panel.hidePopover();
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  panel.classList.remove("is-target");
  send(main, event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  const given = event.clipboardData;
  if (!given?.files.length || given.types.includes("text/plain")) return; // text goes where it is pasted, with its picture too
  event.preventDefault();
  open();
  send(main, given.files);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) said.textContent = ""; // come back to by the browser's button
});
