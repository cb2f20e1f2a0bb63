// Evaluates to the faults of the page for readers who see little, or hear it: Lighthouse checks the same.
(() => {
  const faults = new Set();
  const article = document.querySelector("article");
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  let before = 0;
  for (const heading of article.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) faults.add(`heading: h${level} after h${before}: ${heading.innerText}`);
    before = level;
  }

  for (const image of document.images) {
    if (!image.alt.trim()) faults.add(`no text: ${image.src}`);
  }

  for (const element of document.querySelectorAll("a[href], button")) {
    const name = element.ariaLabel || element.title || element.textContent.trim();
    if (shown(element) && !name && !element.querySelector("img[alt]")) {
      faults.add(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
  }

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids.filter((id, place) => ids.indexOf(id) !== place)) {
    faults.add(`id used twice: ${id}`);
  }

  if (!document.documentElement.lang) faults.add("no language");

  // Contrast, WCAG 2.2 Section 1.4.3: 4.5, or 3 for large text.
  const channels = (color) => {
    const numbers = color.match(/[\d.]+/g).map(Number);
    return numbers.length === 3 ? [...numbers, 1] : numbers;
  };
  const over = ([r, g, b, a], below) =>
    [r, g, b].map((value, place) => value * a + below[place] * (1 - a));
  const backgroundOf = (element) => {
    if (!element) return [255, 255, 255];
    const color = channels(getComputedStyle(element).backgroundColor);
    return color[3] === 1 ? color.slice(0, 3) : over(color, backgroundOf(element.parentElement));
  };
  const luminance = (color) => {
    const linear = color.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const inside = element.closest("article, .md-header, .md-tabs, .md-sidebar, .md-footer");
    const ignored = element.closest("script, style, .headerlink, .md-search, .md-copyright, svg");
    if (!texts.currentNode.data.trim() || !inside || ignored || !shown(element)) continue;
    const style = getComputedStyle(element);
    const background = backgroundOf(element);
    let opacity = 1;
    for (let at = element; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    const [r, g, b, a] = channels(style.color);
    const ratio = contrast(over([r, g, b, a * opacity], background), background);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) {
      const where = element.className || element.tagName;
      faults.add(`contrast ${ratio.toFixed(2)}: ${where}: ${texts.currentNode.data.trim().slice(0, 30)}`);
    }
  }
  return [...faults];
})()
