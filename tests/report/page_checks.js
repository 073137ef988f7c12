// Checks that run in the page. Each returns a list of what is wrong, in words.

function boxesThatOverflow() {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element && (/(auto|scroll)/.test(getComputedStyle(element).overflowX)
    || scrolls(element.parentElement));
  const wrong = document.documentElement.scrollWidth > width ? ["the page scrolls sideways"] : [];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const box = element.getBoundingClientRect();
    if (box.right > width + 1 && box.width > 1 && !scrolls(element.parentElement))
      wrong.push(`${element.tagName} ${element.className} ends at ${box.right}, not ${width}`);
  }
  return wrong;
}

function emptyFigures() {
  return [...document.querySelectorAll("figure")].filter((figure) => {
    const drawing = figure.querySelector("svg[role=img]");
    const box = drawing?.getBoundingClientRect();
    return !box || box.width < 100 || box.height < 50 || !drawing.getAttribute("aria-label");
  }).map((figure) => `no picture above: ${figure.textContent.trim()}`);
}

function colour(text) {
  const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
  return { rgb: [red, green, blue], alpha };
}

// Relative luminance and contrast ratio: WCAG 2.2, https://www.w3.org/TR/WCAG22/
function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => value / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function ground(element) {
  for (let at = element; at; at = at.parentElement) {
    const { rgb, alpha } = colour(getComputedStyle(at).backgroundColor);
    if (alpha > 0) return rgb;
  }
  return [255, 255, 255];
}

function faintTexts() {
  const wrong = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || element.closest("svg, style")) continue;
    const ratio = contrast(colour(getComputedStyle(element).color).rgb, ground(element));
    if (ratio < 4.5) wrong.push(`${ratio.toFixed(1)}: ${text.data.trim()}`);
  }
  for (const drawing of document.querySelectorAll("figure svg")) {
    const ratio = contrast(colour(getComputedStyle(drawing).fill).rgb, ground(drawing));
    if (ratio < 4.5) wrong.push(`${ratio.toFixed(1)}: ${drawing.getAttribute("aria-label")}`);
  }
  return wrong;
}
