const FONT_SIZE_PX = 13;
const CHARACTER_WIDTH_PX = 7.8;
const LINE_HEIGHT_PX = 18;
const MARGIN_PX = 16;

/** Draws lines of a terminal without colours as an SVG that is readable on light and dark pages alike. */
export function terminalSvg(lines: readonly string[], title: string): string {
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER_WIDTH_PX) + 2 * MARGIN_PX;
  const height = lines.length * LINE_HEIGHT_PX + 2 * MARGIN_PX;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    '<style>',
    // GitHub's own colours of code in its light and its dark theme.
    'rect { fill: #f6f8fa; stroke: #d1d9e0 } text { fill: #1f2328 }',
    '@media (prefers-color-scheme: dark) { rect { fill: #151b23; stroke: #3d444d } text { fill: #f0f6fc } }',
    `text { font: ${FONT_SIZE_PX}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }`,
    '</style>',
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
    ...lines.flatMap((line, row) => drawLine(line, MARGIN_PX + (row + 0.75) * LINE_HEIGHT_PX)),
    '</svg>\n',
  ].join('\n');
}

/** Draws the parts of a line that two or more spaces separate, each at its column, so that columns stand whatever the font is. */
function drawLine(line: string, y: number): string[] {
  return [...line.matchAll(/\S+(?: \S+)*/g)].map(({ 0: part, index }) => {
    const x = (MARGIN_PX + index * CHARACTER_WIDTH_PX).toFixed(1);
    const length = (part.length * CHARACTER_WIDTH_PX).toFixed(1);
    return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escapeXml(part)}</text>`;
  });
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
