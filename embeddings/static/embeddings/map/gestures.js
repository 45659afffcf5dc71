/* What mouse, fingers and keys do on the map. One pointer moves it, or draws a box; two pinch. */
const STILL_PX = 5; // less than that is a click
const KEY_PX = 80;
const KEYS = { ArrowLeft: [KEY_PX, 0], ArrowRight: [-KEY_PX, 0], ArrowUp: [0, KEY_PX], ArrowDown: [0, -KEY_PX] };

export function listen(canvas, { view, isSelecting, moved, drew, drawing, pointed, clicked, key }) {
  const pointers = new Map();
  let start = null; // where a click or a box began
  let isBox = false;
  let isStill = true;

  const placeOf = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { across: event.clientX - left, down: event.clientY - top };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeOf(event));
    if (pointers.size === 1) {
      start = placeOf(event);
      isBox = event.shiftKey || isSelecting();
      isStill = true;
    } else {
      isBox = isStill = false;
      drawing(null);
    }
  });

  canvas.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") pointed(place);
      return;
    }
    if (pointers.size === 1) {
      if (Math.hypot(place.across - start.across, place.down - start.down) > STILL_PX) isStill = false;
      if (isBox) drawing({ from: start, to: place });
      else if (!isStill) {
        view.pan(place.across - before.across, place.down - before.down);
        moved();
      }
    } else if (pointers.size === 2) {
      pinch(event.pointerId, before, place);
    }
    pointers.set(event.pointerId, place);
  });

  function pinch(id, before, place) {
    const [other] = [...pointers].filter(([one]) => one !== id).map(([, at]) => at);
    const distance = (at) => Math.max(1, Math.hypot(at.across - other.across, at.down - other.down));
    view.pan((place.across - before.across) / 2, (place.down - before.down) / 2);
    view.zoom(distance(place) / distance(before), (place.across + other.across) / 2, (place.down + other.down) / 2);
    moved();
  }

  function release(event) {
    if (!pointers.delete(event.pointerId) || pointers.size > 0) return;
    if (event.type === "pointerup" && isStill) clicked(placeOf(event), event.pointerType);
    else if (event.type === "pointerup" && isBox) drew({ from: start, to: placeOf(event) });
    else if (isBox) drawing(null);
  }
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => {
    if (pointers.size === 0 && event.pointerType !== "touch") pointed(null); // a finger leaves as it is lifted
  });

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { across, down } = placeOf(event);
    const lines = event.deltaMode === 0 ? event.deltaY : event.deltaY * 30;
    view.zoom(1.0015 ** -lines, across, down);
    moved();
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (KEYS[event.key]) view.pan(...KEYS[event.key]);
    else if (event.key === "+" || event.key === "=") view.zoom(1.5);
    else if (event.key === "-") view.zoom(1 / 1.5);
    else if (event.key === "0") view.showAll();
    else if (event.key === "Enter" || event.key === "Escape") {
      key(event.key);
      return;
    } else return;
    event.preventDefault();
    moved();
    key("move");
  });
}
