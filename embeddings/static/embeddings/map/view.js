/* Which part of the map is seen: the place in the middle, and how many pixels of the page a unit of the map has. */
import { SIDE } from "./points.js";

const NEAREST = 400; // times the size at which the whole map is seen

export class View {
  constructor() {
    this.width = this.height = 1;
    this.x = this.y = SIDE / 2;
    this.scale = 1;
  }

  get whole() {
    return Math.min(this.width, this.height) / SIDE;
  }

  resize(width, height) {
    const zoom = this.scale / this.whole;
    [this.width, this.height] = [width, height];
    this.scale = zoom * this.whole;
  }

  showAll() {
    this.x = this.y = SIDE / 2;
    this.scale = this.whole;
  }

  toMap(across, down) {
    return { x: this.x + (across - this.width / 2) / this.scale, y: this.y - (down - this.height / 2) / this.scale };
  }

  toPage(x, y) {
    return { across: this.width / 2 + (x - this.x) * this.scale, down: this.height / 2 - (y - this.y) * this.scale };
  }

  pan(across, down) {
    this.#moveTo(this.x - across / this.scale, this.y + down / this.scale);
  }

  /* What lies at a place of the page stays there. */
  zoom(factor, across = this.width / 2, down = this.height / 2) {
    const held = this.toMap(across, down);
    this.scale = Math.max(this.whole, Math.min(this.whole * NEAREST, this.scale * factor));
    const now = this.toMap(across, down);
    this.#moveTo(this.x + held.x - now.x, this.y + held.y - now.y);
  }

  centre(x, y, zoom) {
    this.scale = Math.max(this.scale, this.whole * zoom);
    this.#moveTo(x, y);
  }

  get box() {
    const { x: left, y: top } = this.toMap(0, 0);
    const { x: right, y: bottom } = this.toMap(this.width, this.height);
    return roundBox({ left, bottom, right, top });
  }

  #moveTo(x, y) {
    [this.x, this.y] = [Math.max(0, Math.min(SIDE, x)), Math.max(0, Math.min(SIDE, y))];
  }
}

export function roundBox(box) {
  const clip = (value, round) => Math.max(0, Math.min(SIDE, round(value)));
  return {
    left: clip(box.left, Math.floor),
    bottom: clip(box.bottom, Math.floor),
    right: clip(box.right, Math.ceil),
    top: clip(box.top, Math.ceil),
  };
}
