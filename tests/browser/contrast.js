// The contrast (WCAG 2.2) of every piece of visible text, and of what is typed, in `root`.
root => {
  const rgba = color => {
    const parts = color.match(/[\d.]+/g).map(Number);
    return {rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1};
  };
  const over = (top, below) => top.rgb.map((v, i) => v * top.alpha + below[i] * (1 - top.alpha));
  const background = node => {
    if (!node) return [255, 255, 255];
    const own = rgba(getComputedStyle(node).backgroundColor);
    return own.alpha === 1 ? own.rgb : over(own, background(node.parentElement));
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ownText = node => node.matches('input, textarea, select')
    ? node.value : [...node.childNodes].filter(one => one.nodeType === 3).map(one => one.data).join('').trim();
  return [...root.querySelectorAll('*')]
    .filter(node => ownText(node) && node.getClientRects().length && node.tagName !== 'OPTION')
    .map(node => {
      const below = background(node);
      const lights = [luminance(below), luminance(over(rgba(getComputedStyle(node).color), below))];
      const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
      return {text: ownText(node).slice(0, 40), tag: node.tagName, contrast: Math.round(contrast * 100) / 100};
    });
}
