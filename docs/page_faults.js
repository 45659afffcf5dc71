// What is wrong with a page by itself, as lines. WCAG 2.2: targets of 24 px but for links within text (2.5.8).
() => {
  const faults = []
  const say = element => `<${element.tagName.toLowerCase()} ${element.id || element.name || element.className}> ${(element.innerText || element.value || "").trim().slice(0, 30)}`
  const isSeen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length > 0
  const width = document.documentElement.scrollWidth
  if (width > innerWidth) {
    const wide = [...document.body.querySelectorAll("*")].filter(element => element.getBoundingClientRect().right > innerWidth + 1)
    faults.push(`scrolls sideways: ${width} px, ${wide.slice(-1).map(say)}`)
  }
  for (const image of document.images) {
    if (image.currentSrc && image.complete && !image.naturalWidth && isSeen(image)) faults.push(`broken picture: ${image.currentSrc.slice(-60)}`)
  }
  let level = 1
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    if (!isSeen(heading) || heading.closest("dialog")) continue
    const next = Number(heading.tagName[1])
    if (next > level + 1) faults.push(`heading skips from ${level} to ${next}: ${heading.innerText.slice(0, 30)}`)
    level = next
  }
  const boxes = [...document.querySelectorAll("button, select, summary, a[href], input:not([type=hidden])")].filter(isSeen).map(element => {
    const label = element.labels?.[0]
    const box = [element, ...(label && isSeen(label) ? [label] : [])].map(one => one.getBoundingClientRect()).sort((one, other) => other.height - one.height)[0]
    const isInText = element.tagName === "A" && getComputedStyle(element).display === "inline"
    return { element, box, isInText, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 }
  })
  const isSmall = ({ box, isInText }) => !isInText && box.width > 2 && (box.width < 23.5 || box.height < 23.5)
  const reach = (one, { box }) => Math.hypot(Math.max(box.left - one.x, 0, one.x - box.right), Math.max(box.top - one.y, 0, one.y - box.bottom))
  // One with room around it is large enough: a circle of 24 px on it meets no other target.
  const small = boxes.filter(one => isSmall(one) && boxes.some(other => other !== one && !other.element.contains(one.element) &&
    (reach(one, other) < 11.5 || (isSmall(other) && Math.hypot(one.x - other.x, one.y - other.y) < 23.5))))
  if (small.length) faults.push(`too small to touch, ${small.length}: ${[...new Set(small.map(one => say(one.element)))].slice(0, 4).join(" | ")}`)
  return faults
}
