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
  let level = 0
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    if (!isSeen(heading) || heading.closest("dialog")) continue
    const next = Number(heading.tagName[1])
    if (next > level + 1) faults.push(`heading skips from ${level} to ${next}: ${heading.innerText.slice(0, 30)}`)
    level = next
  }
  const small = [...document.querySelectorAll("button, select, summary, a[href], input:not([type=hidden])")].filter(element => {
    if (!isSeen(element) || (element.tagName === "A" && getComputedStyle(element).display === "inline")) return false
    const label = element.labels?.[0]
    const boxes = [element, ...(label && isSeen(label) ? [label] : [])].map(one => one.getBoundingClientRect())
    return !boxes.some(box => box.width >= 23.5 && box.height >= 23.5) && boxes[0].width > 2
  })
  if (small.length) faults.push(`too small to touch, ${small.length}: ${[...new Set(small.map(say))].slice(0, 4).join(" | ")}`)
  return faults
}
