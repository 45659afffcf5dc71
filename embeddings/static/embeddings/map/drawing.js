/* Points on a canvas: pixels of an array of whole numbers, which is quick on every machine, with a graphics card or not. */
const FADED = ["other", "none", "middle"]; // drawn first, so that they hide nothing
const RIM_FROM = 9; // pixels of a dot's width: smaller ones would be nearly all rim

export class Drawing {
  constructor(canvas, points) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.points = points;
    this.colour([], new Uint8Array(points.count), []);
  }

  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.image = this.context.createImageData(this.canvas.width, this.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /* `colours` has a colour for each group as "#rrggbb", `shades` its name; `codes` says in which group each point is. */
  colour(colours, codes, shades, rim = "#ffffff") {
    this.colours = Uint32Array.from(colours, toPixel);
    this.rim = toPixel(rim);
    this.codes = codes;
    this.shown = new Uint8Array(Math.max(colours.length, 1)).fill(1);
    const isFaded = Uint8Array.from(shades, (shade) => (FADED.includes(shade) ? 1 : 0));
    const { count } = this.points;
    this.order = new Uint32Array(count);
    let place = 0;
    for (const wanted of [1, 0]) {
      for (let i = 0; i < count; i++) if ((isFaded[codes[i]] ?? 0) === wanted) this.order[place++] = i;
    }
  }

  /* The width of a dot in pixels of the screen: small where there are many, larger the nearer one looks. */
  dotSize(view) {
    const { count } = this.points;
    const least = count < 3000 ? 7 : count < 20000 ? 4 : 2;
    const zoom = view.scale / view.whole;
    return Math.round(Math.min(16, least * zoom ** 0.35) * this.ratio);
  }

  render(view) {
    const start = performance.now();
    this.pixels.fill(0);
    const size = this.dotSize(view);
    if (size < 4) this.#drawSquares(view, size);
    else this.#drawDiscs(view, size);
    this.context.putImageData(this.image, 0, 0);
    this.lastMs = performance.now() - start;
  }

  #frame(view, size) {
    const scale = view.scale * this.ratio;
    const half = size >> 1;
    const left = this.canvas.width / 2 - view.x * scale - half;
    const top = this.canvas.height / 2 + view.y * scale - half;
    return { scale, left, top, right: this.canvas.width - size, bottom: this.canvas.height - size };
  }

  #drawSquares(view, size) {
    const { x, y } = this.points;
    const { pixels, codes, shown, colours, order } = this;
    const { scale, left, top, right, bottom } = this.#frame(view, size);
    const width = this.canvas.width;
    for (let place = 0; place < order.length; place++) {
      const i = order[place];
      const code = codes[i];
      if (shown[code] === 0) continue;
      const across = (left + x[i] * scale) | 0;
      const down = (top - y[i] * scale) | 0;
      if (across < 0 || down < 0 || across > right || down > bottom) continue;
      const colour = colours[code];
      let at = down * width + across;
      for (let row = 0; row < size; row++, at += width) {
        for (let column = 0; column < size; column++) pixels[at + column] = colour;
      }
    }
  }

  #drawDiscs(view, size) {
    const { x, y } = this.points;
    const { pixels, codes, shown, colours, order, rim } = this;
    const { scale, left, top, right, bottom } = this.#frame(view, size);
    const { inner, outer } = makeDisc(size, this.canvas.width, size < RIM_FROM ? 0 : 1);
    const width = this.canvas.width;
    for (let place = 0; place < order.length; place++) {
      const i = order[place];
      const code = codes[i];
      if (shown[code] === 0) continue;
      const across = (left + x[i] * scale) | 0;
      const down = (top - y[i] * scale) | 0;
      if (across < 0 || down < 0 || across > right || down > bottom) continue;
      const at = down * width + across;
      for (let one = 0; one < outer.length; one++) pixels[at + outer[one]] = rim;
      const colour = colours[code];
      for (let one = 0; one < inner.length; one++) pixels[at + inner[one]] = colour;
    }
  }
}

/* The pixels of a disc, as steps from its upper left corner: those of its rim apart. */
function makeDisc(size, width, rim) {
  const [inner, outer] = [[], []];
  const middle = (size - 1) / 2;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const distance = Math.hypot(row - middle, column - middle);
      if (distance > size / 2) continue;
      (distance > size / 2 - rim ? outer : inner).push(row * width + column);
    }
  }
  return { inner: Int32Array.from(inner), outer: Int32Array.from(outer) };
}

function toPixel(colour) {
  const number = parseInt(colour.slice(1), 16);
  return ((255 << 24) | ((number & 255) << 16) | (number & 0xff00) | (number >> 16)) >>> 0;
}
