// A product's pictures: thumbnails that say where one is, and a closer look by pinch, wheel, keys or double tap. Without
// scripts the strip is swiped, thumbnails are links within the page, and each picture leads to its file.
const strip = document.querySelector("[data-gallery]");
const links = strip ? [...strip.querySelectorAll("a.zoom-link")] : [];
const thumbs = [...document.querySelectorAll(".thumbs a")];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const ICONS = { close: "M6 6l12 12M18 6 6 18", previous: "M15 5l-7 7 7 7", next: "M9 5l7 7-7 7", closer: "M12 6v12M6 12h12", farther: "M6 12h12" };

const shownNow = () => Math.round(strip.scrollLeft / strip.clientWidth);
const mark = () =>
  thumbs.forEach((thumb, place) => {
    if (place !== shownNow()) return thumb.removeAttribute("aria-current");
    thumb.setAttribute("aria-current", "true");
    const row = thumb.closest(".thumbs");
    const box = thumb.parentElement; // in a row that is wider than the screen it stays in view
    if (box.offsetLeft < row.scrollLeft || box.offsetLeft + box.offsetWidth > row.scrollLeft + row.clientWidth) row.scrollTo({ left: box.offsetLeft - row.clientWidth / 2 });
  });
const show = (place) => strip.scrollTo({ left: place * strip.clientWidth, behavior: calm.matches ? "instant" : "smooth" });

thumbs.forEach((thumb, place) =>
  thumb.addEventListener("click", (event) => {
    event.preventDefault(); // the page stays where it is
    show(place);
  }),
);
if (thumbs.length) {
  strip.addEventListener("scroll", mark, { passive: true });
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.target !== strip) return;
    event.preventDefault();
    show(Math.min(links.length - 1, Math.max(0, shownNow() + step)));
  });
  mark();
}

function makeButton(name, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `icon-button zoom-${name}`;
  button.setAttribute("aria-label", strip.dataset[name]);
  button.innerHTML = `<svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
  button.addEventListener("click", act);
  return button;
}

/* The closer look. `scale` 1 is the whole picture; `x` and `y` are pixels that it is moved by. */
function makeZoom() {
  const MOST = 6;
  const dialog = document.createElement("dialog");
  dialog.className = "zoom";
  const stage = document.createElement("div");
  stage.className = "zoom-stage";
  const image = document.createElement("img");
  image.draggable = false;
  stage.append(image);
  let place = 0;
  let [scale, x, y] = [1, 0, 0];
  const fingers = new Map();

  const draw = () => {
    const room = (size) => (size * (scale - 1)) / 2; // no farther than its edges
    x = Math.max(-room(stage.clientWidth), Math.min(room(stage.clientWidth), x));
    y = Math.max(-room(stage.clientHeight), Math.min(room(stage.clientHeight), y));
    image.style.setProperty("transform", `translate(${x}px, ${y}px) scale(${scale})`);
    dialog.classList.toggle("is-close", scale > 1);
  };
  const zoom = (to, at = [stage.clientWidth / 2, stage.clientHeight / 2]) => {
    const next = Math.max(1, Math.min(MOST, to));
    const from = [at[0] - stage.clientWidth / 2, at[1] - stage.clientHeight / 2];
    x = from[0] - ((from[0] - x) * next) / scale;
    y = from[1] - ((from[1] - y) * next) / scale;
    scale = next;
    draw();
  };
  const open = (wanted) => {
    place = (wanted + links.length) % links.length;
    image.src = links[place].href;
    image.alt = links[place].querySelector("img").alt;
    dialog.setAttribute("aria-label", image.alt);
    [scale, x, y] = [1, 0, 0];
    draw();
    if (!dialog.open) dialog.showModal();
  };
  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  dialog.append(stage, makeButton("closer", () => zoom(scale * 1.6)), makeButton("farther", () => zoom(scale / 1.6)));
  if (links.length > 1) dialog.append(makeButton("previous", () => open(place - 1)), makeButton("next", () => open(place + 1)));
  dialog.append(makeButton("close", () => dialog.close()));
  document.body.append(dialog);

  dialog.addEventListener("close", () => {
    strip.scrollTo({ left: place * strip.clientWidth, behavior: "instant" });
    links[place].focus({ preventScroll: true });
  });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "+" || event.key === "=") zoom(scale * 1.6);
    else if (event.key === "-") zoom(scale / 1.6);
    else if (event.key === "0") zoom(1);
    else if (step && scale > 1) [x, y] = [x + 60 * step[0], y + 60 * step[1]];
    else if (step?.[0] && links.length > 1) open(place - step[0]);
    else return;
    event.preventDefault();
    draw();
  });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(scale * Math.exp(-event.deltaY / 300), at(event));
  });
  stage.addEventListener("dblclick", (event) => zoom(scale > 1 ? 1 : 2.5, at(event)));

  let swiped = 0; // pixels, of one finger on the whole picture
  stage.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, at(event));
    stage.setPointerCapture(event.pointerId);
    swiped = 0;
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    if (other) {
      const apart = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]) || 1;
      zoom((scale * apart(now)) / apart(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
    } else if (scale > 1) {
      [x, y] = [x + now[0] - before[0], y + now[1] - before[1]];
      draw();
    } else {
      swiped += now[0] - before[0];
    }
  });
  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (scale === 1 && links.length > 1 && Math.abs(swiped) > 60) open(place - Math.sign(swiped));
    swiped = 0;
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  return open;
}

let look;
links.forEach((link, place) =>
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    look ??= makeZoom();
    look(place);
  }),
);
