(() => {
  const channels = (colour) => {
    const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return { parts: [red, green, blue], alpha: alpha / 255 };
  };
  const luminance = (parts) => {
    const linear = parts.map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const background = (element) => {
    for (let it = element; it; it = it.parentElement) {
      const style = getComputedStyle(it);
      if (style.backgroundImage !== "none") return null;
      const { parts, alpha } = channels(style.backgroundColor);
      if (alpha > 0.99) return parts;
      if (alpha > 0.01) return null;
    }
    return channels("Canvas").parts;
  };
  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && element.getClientRects().length > 0 && !element.closest(".visually-hidden, svg, [aria-hidden=true]");
  const texts = [...document.querySelectorAll("body *")].filter((element) => isShown(element)
    && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ""));
  const ratio = (element) => {
    const behind = background(element);
    if (!behind) return Infinity;
    const [light, dark] = [luminance(channels(getComputedStyle(element).color).parts), luminance(behind)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const needed = (element) => {
    const { fontSize, fontWeight } = getComputedStyle(element);
    const points = parseFloat(fontSize) * 0.75;
    return points >= 18 || (points >= 14 && fontWeight >= 700) ? 3 : 4.5;
  };
  return texts.filter((element) => ratio(element) < needed(element))
    .map((element) => `${ratio(element).toFixed(2)} ${element.outerHTML.slice(0, 100)}`);
})()
