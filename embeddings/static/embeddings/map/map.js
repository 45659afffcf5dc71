/* The page of the map: puts the points on the canvas, and what the tools say into deeds. */
import { Drawing } from "./drawing.js";
import { listen } from "./gestures.js";
import { watchNews } from "./news.js";
import { Grid, loadPoints } from "./points.js";
import { makeCard, Products } from "./products.js";
import { roundBox, View } from "./view.js";

const REACH_PX = { mouse: 10, pen: 14, touch: 26, keyboard: 120 };
const MOST_PICTURES = 40;
const PICTURE_PX = 56;
const SETTLED_MS = 180;
const SLOW_MS = 12; // of a frame's 16

const one = (id) => document.getElementById(id);

class MapPage {
  constructor(root, points) {
    this.root = root;
    this.points = points;
    this.canvas = one("map-canvas");
    this.stage = this.canvas.parentElement;
    this.view = new View();
    this.grid = new Grid(points);
    this.drawing = new Drawing(this.canvas, points);
    this.products = new Products(root.dataset.products);
    this.box = null; // what is drawn, in units of the map
    this.ringed = null; // the place of the product whose card is shown
    this.reveal();
    this.choose(0);
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.stage);
    this.resize();
    this.view.showAll();
    this.moved();
  }

  reveal() {
    this.root.querySelector(".map-picture").remove();
    this.root.querySelector(".map-bar").hidden = false;
    this.root.querySelector(".map-choice").hidden = false;
    one("map-keys").hidden = false;
    this.canvas.hidden = false;
  }

  resize() {
    const { clientWidth, clientHeight } = this.stage;
    this.view.resize(clientWidth, clientHeight);
    this.sharpen(true);
    this.moved();
  }

  /* With all pixels of the screen, or with as many as the page counts, which are drawn in a quarter of the time. */
  sharpen(isSharp) {
    const ratio = isSharp ? Math.min(devicePixelRatio || 1, 2) : 1;
    if (ratio === this.drawing.ratio && this.drawing.canvas.width === Math.round(this.view.width * ratio)
      && this.drawing.canvas.height === Math.round(this.view.height * ratio)) return;
    this.drawing.resize(this.view.width, this.view.height, ratio);
    this.draw();
  }

  /* Colour the points by one of the legends, and show that. */
  choose(code) {
    for (const legend of this.root.querySelectorAll(".map-legend")) legend.hidden = legend.dataset.code !== String(code);
    this.legend = this.root.querySelector(`.map-legend[data-code="${code}"]`);
    this.code = code;
    this.recolour();
  }

  recolour() {
    const style = getComputedStyle(this.stage);
    const swatches = [...this.legend.querySelectorAll(".map-swatch")];
    const shades = swatches.map((swatch) => /shade-(\S+)/.exec(swatch.className)[1]);
    const colours = shades.map((shade) => style.getPropertyValue(`--shade-${shade}`).trim());
    this.drawing.colour(colours, this.points.codes[this.code], shades, style.getPropertyValue("--map-ground").trim());
    this.legend.querySelectorAll("input").forEach((input) => {
      this.drawing.shown[Number(input.dataset.group)] = input.checked ? 1 : 0;
    });
    this.draw();
  }

  draw() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.drawing.render(this.view);
      this.place();
    });
  }

  moved() {
    if (this.drawing.lastMs > SLOW_MS) this.sharpen(false);
    this.draw();
    this.hideCard();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLED_MS);
  }

  /* Once nothing moves: what is in view as a list, and pictures where products are few. */
  async settle() {
    this.sharpen(true);
    this.offerList();
    const found = this.grid.inside(this.view.box, MOST_PICTURES) ?? [];
    const chosen = this.spaceOut(found.filter((i) => this.isShown(i)));
    const round = (this.round = (this.round ?? 0) + 1);
    const products = await this.products.read(chosen.map((i) => this.points.ids[i]));
    if (round !== this.round) return; // it has moved on meanwhile
    const places = new Map(chosen.map((i) => [this.points.ids[i], i]));
    one("map-pictures").replaceChildren(...products.filter((product) => product.picture).map((product) => {
      const i = places.get(product.id);
      const picture = document.createElement("img");
      Object.assign(picture, { src: product.picture, alt: "", width: PICTURE_PX, height: PICTURE_PX });
      Object.assign(picture.dataset, { x: this.points.x[i], y: this.points.y[i] });
      return picture;
    }));
    this.place();
  }

  /* Those whose pictures do not cover each other; the others stay dots. */
  spaceOut(found) {
    const apart = PICTURE_PX / this.view.scale;
    const { x, y } = this.points;
    return found.reduce((kept, i) => {
      const isFree = kept.every((j) => Math.abs(x[i] - x[j]) > apart || Math.abs(y[i] - y[j]) > apart);
      return isFree ? [...kept, i] : kept;
    }, []);
  }

  offerList() {
    const box = this.box ?? this.view.box;
    const { drawn, placed, list, inBox, inView } = this.root.dataset;
    const share = Math.max(1, placed / Math.max(1, drawn));
    const count = Math.round(this.grid.count(box) * share);
    const link = one("map-list");
    link.href = `${list}?map_box=${box.left},${box.bottom},${box.right},${box.top}`;
    link.textContent = `${this.box ? inBox : inView} (${share > 1 ? "≈ " : ""}${count.toLocaleString(document.documentElement.lang)})`;
  }

  isShown(i) {
    return this.drawing.shown[this.points.codes[this.code][i]] === 1;
  }

  /* Put what lies above the canvas where it belongs. */
  place() {
    for (const picture of one("map-pictures").children) {
      this.put(picture, Number(picture.dataset.x), Number(picture.dataset.y));
    }
    const ring = one("map-ring");
    ring.hidden = !this.ringed;
    if (this.ringed) this.put(ring, ...this.ringed);
    const box = one("map-box");
    box.hidden = !this.box;
    if (this.box) {
      const from = this.view.toPage(this.box.left, this.box.top);
      const to = this.view.toPage(this.box.right, this.box.bottom);
      box.style.transform = `translate(${from.across}px, ${from.down}px)`;
      box.style.width = `${to.across - from.across}px`;
      box.style.height = `${to.down - from.down}px`;
    }
  }

  put(element, x, y) {
    const { across, down } = this.view.toPage(x, y);
    element.style.transform = `translate(${across}px, ${down}px) translate(-50%, -50%)`;
  }

  findAt({ across, down }, pointer) {
    const { x, y } = this.view.toMap(across, down);
    return this.grid.nearest(x, y, REACH_PX[pointer] / this.view.scale, (i) => this.isShown(i));
  }

  async point(place, pointer) {
    const i = place ? this.findAt(place, pointer) : -1;
    this.pointed = i;
    this.canvas.classList.toggle("map-on-point", i >= 0);
    if (i < 0) {
      this.hideCard();
      return;
    }
    const [product] = await this.products.read([this.points.ids[i]]);
    if (product && this.pointed === i) this.showCard(product, i);
  }

  showCard(product, i) {
    const card = one("map-card");
    card.replaceChildren(makeCard(product));
    card.hidden = false;
    this.ringed = [this.points.x[i], this.points.y[i]];
    this.place();
    const { across, down } = this.view.toPage(...this.ringed);
    const left = Math.max(4, Math.min(across + 14, this.view.width - card.offsetWidth - 4));
    const isAbove = down + 14 + card.offsetHeight > this.view.height;
    card.style.transform = `translate(${left}px, ${isAbove ? Math.max(4, down - 14 - card.offsetHeight) : down + 14}px)`;
  }

  hideCard() {
    this.pointed = -1;
    one("map-card").hidden = true;
    this.ringed = null;
    this.place();
  }

  async open(place, pointer) {
    const i = this.findAt(place, pointer);
    if (i < 0) return;
    if (pointer === "touch" || one("map-card").hidden) {
      await this.point(place, pointer);
      if (pointer === "touch") return; // the card has the link
    }
    const [product] = await this.products.read([this.points.ids[i]]);
    if (product) location.assign(product.url);
  }

  sketch(ends) {
    if (!ends) this.box = null;
    else {
      const [a, b] = [ends.from, ends.to].map(({ across, down }) => this.view.toMap(across, down));
      this.box = roundBox({
        left: Math.min(a.x, b.x), bottom: Math.min(a.y, b.y), right: Math.max(a.x, b.x), top: Math.max(a.y, b.y),
      });
    }
    this.hideCard();
  }

  listen() {
    const middle = () => ({ across: this.view.width / 2, down: this.view.height / 2 });
    const select = one("map-select");
    const setSelecting = (isOn) => {
      select.setAttribute("aria-pressed", String(isOn));
      this.canvas.classList.toggle("map-selecting", isOn);
    };
    listen(this.canvas, {
      view: this.view,
      isSelecting: () => select.getAttribute("aria-pressed") === "true",
      moved: () => this.moved(),
      drawing: (ends) => this.sketch(ends),
      drew: (ends) => {
        this.sketch(ends);
        setSelecting(false);
        this.offerList();
        one("map-list").focus();
      },
      pointed: (place) => this.point(place, "mouse"),
      clicked: (place, pointer) => this.open(place, pointer),
      key: (name) => {
        if (name === "Enter") this.open(middle(), "keyboard");
        else if (name === "move") this.point(middle(), "keyboard");
        else {
          this.sketch(null);
          this.offerList();
        }
      },
    });
    select.addEventListener("click", () => setSelecting(select.getAttribute("aria-pressed") !== "true"));
    const button = (id, deed) => one(id).addEventListener("click", () => {
      deed();
      this.moved();
    });
    button("map-nearer", () => this.view.zoom(1.6));
    button("map-farther", () => this.view.zoom(1 / 1.6));
    button("map-whole", () => {
      this.sketch(null);
      this.view.showAll();
    });
    one("map-colouring").addEventListener("change", (event) => this.choose(Number(event.target.value)));
    this.root.querySelector(".map-legends").addEventListener("change", () => {
      this.recolour();
      this.moved();
    });
    one("map-find").addEventListener("submit", (event) => {
      event.preventDefault();
      this.find(new FormData(event.target).get("q"));
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    new MutationObserver(() => this.recolour()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  async find(query) {
    const list = one("map-found");
    const response = await fetch(`${this.root.dataset.find}?q=${encodeURIComponent(query)}`, { credentials: "same-origin" });
    const { products } = response.ok && !response.redirected ? await response.json() : { products: [] };
    list.hidden = false;
    list.replaceChildren(...products.map((product) => this.listFound(product)));
    if (!products.length) list.append(Object.assign(document.createElement("li"), { textContent: this.root.dataset.notFound }));
    const first = products.find((product) => product.place);
    if (first && (products.length === 1 || first.sku === query.trim())) this.highlight(first);
  }

  listFound(product) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = `${product.sku} · ${product.title}`;
    button.disabled = !product.place;
    button.addEventListener("click", () => this.highlight(product));
    item.append(button);
    if (!product.place) item.append(` ${this.root.dataset.noPlace}`);
    return item;
  }

  /* Go to a product, ring it and show its card; a map of very many draws not all of them. */
  highlight(product) {
    const [x, y] = product.place;
    this.view.centre(x, y, 8);
    this.moved();
    this.products.known.set(product.id, product);
    const at = this.points.ids.indexOf(product.id);
    const card = one("map-card");
    card.replaceChildren(makeCard(product));
    card.hidden = false;
    this.ringed = [x, y];
    this.pointed = at;
    this.place();
    card.style.transform = `translate(${this.view.width / 2 + 18}px, ${this.view.height / 2 + 18}px)`;
    this.stage.scrollIntoView({ block: "nearest" });
  }
}

const root = one("map");
if (root) {
  loadPoints(root.dataset.points).then(
    (points) => new MapPage(root, points),
    () => one("map-news").append(Object.assign(document.createElement("p"), {
      className: "map-notice", textContent: root.dataset.failed,
    })),
  );
}
watchNews(one("map-news"));
