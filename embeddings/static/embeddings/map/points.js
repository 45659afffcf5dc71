/* The points of the map as the server packs them (embeddings/map/drawing.py), and a grid in which they are looked up. */
export const SIDE = 65535;

export async function loadPoints(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`);
  return unpack(await response.arrayBuffer());
}

export function unpack(buffer) {
  const [count, colourings] = new Uint32Array(buffer, 0, 2);
  const behindX = 8 + 8 * count;
  const behindCodes = behindX + 4 * count;
  return {
    count,
    ids: new Float64Array(buffer, 8, count),
    x: new Uint16Array(buffer, behindX, count),
    y: new Uint16Array(buffer, behindX + 2 * count, count),
    codes: Array.from({ length: colourings }, (_, place) => new Uint8Array(buffer, behindCodes + place * count, count)),
  };
}

/* Points by square, 128 to a side: who looks for what is near reads a few squares, not all points. */
export class Grid {
  constructor({ x, y, count }) {
    this.x = x;
    this.y = y;
    this.starts = new Uint32Array(128 * 128 + 1);
    this.order = new Uint32Array(count);
    const squares = new Uint16Array(count);
    for (let i = 0; i < count; i++) {
      squares[i] = ((y[i] >> 9) << 7) | (x[i] >> 9);
      this.starts[squares[i] + 1]++;
    }
    for (let square = 0; square < 128 * 128; square++) this.starts[square + 1] += this.starts[square];
    const next = this.starts.slice();
    for (let i = 0; i < count; i++) this.order[next[squares[i]]++] = i;
  }

  /* Call `visit` with each point of the squares that a box touches; some lie a little outside of it. */
  each(left, bottom, right, top, visit) {
    const clip = (value) => Math.max(0, Math.min(127, value >> 9));
    for (let row = clip(bottom); row <= clip(top); row++) {
      const first = this.starts[(row << 7) | clip(left)];
      const end = this.starts[((row << 7) | clip(right)) + 1];
      for (let place = first; place < end; place++) visit(this.order[place]);
    }
  }

  /* The point nearest to a place among those that `isShown`, -1 where none is within `reach`. */
  nearest(x, y, reach, isShown) {
    let found = -1;
    let least = reach * reach;
    this.each(x - reach, y - reach, x + reach, y + reach, (i) => {
      const distance = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
      if (distance <= least && isShown(i)) {
        found = i;
        least = distance;
      }
    });
    return found;
  }

  /* Up to `most` points within a box; null where there are more. */
  inside({ left, bottom, right, top }, most) {
    const found = [];
    this.each(left, bottom, right, top, (i) => {
      const isIn = this.x[i] >= left && this.x[i] <= right && this.y[i] >= bottom && this.y[i] <= top;
      if (isIn && found.length <= most) found.push(i);
    });
    return found.length > most ? null : found;
  }

  count(box) {
    let count = 0;
    this.each(box.left, box.bottom, box.right, box.top, (i) => {
      if (this.x[i] >= box.left && this.x[i] <= box.right && this.y[i] >= box.bottom && this.y[i] <= box.top) count++;
    });
    return count;
  }
}
