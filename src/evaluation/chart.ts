// Charts as vega-lite specifications, drawn to PNG: vega makes the SVG, resvg the pixels, Inter comes from a package.
// Nothing of the system is used, no browser, no font; the same specification gives the same bytes.
import { createRequire } from 'node:module';
import type { TopLevelSpec } from 'vega-lite';
import { noteGarbage } from '../numerics/young-garbage.js';

/** Real data recede, generated points speak; told apart by the colour-blind too (Okabe and Ito 2008, with a darker grey-blue). */
export const COLOURS = {
  real: '#6b8cae',
  generated: '#d55e00',
  captured: '#009e73',
  missed: '#a3195b',
} as const;

const require = createRequire(import.meta.url);
const fontFile = (weight: string) =>
  require.resolve(`@expo-google-fonts/inter/${weight}/Inter_${weight}.ttf`);

const INK = '#1f2933';
const FAINT = '#52606d';
const THEME = {
  font: 'Inter',
  background: 'white',
  padding: 24,
  title: {
    anchor: 'start',
    color: INK,
    fontSize: 20,
    fontWeight: 600,
    subtitleColor: FAINT,
    subtitleFontSize: 13,
    subtitlePadding: 6,
    offset: 16,
  },
  axis: {
    labelColor: FAINT,
    titleColor: FAINT,
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: 400,
    gridColor: '#e9edf2',
    domainColor: '#cbd2d9',
    tickColor: '#cbd2d9',
    titlePadding: 8,
    tickCount: 8,
  },
  legend: {
    labelColor: INK,
    labelFontSize: 13,
    symbolSize: 90,
    symbolOpacity: 0.9,
    orient: 'top',
    title: null,
    offset: 8,
  },
  view: { stroke: null },
} as const;

/** Over one of several charts: as high above each, however far the numbers of its axis reach up. */
export const panelTitle = (text: string, subtitle?: string) => ({
  text,
  ...(subtitle !== undefined && { subtitle }),
  ...{ fontSize: 14, offset: 8, frame: 'group' },
});

/** A part of vega that its types leave out. */
interface TextMetrics {
  textMetrics: { width: typeof widthOf };
}

interface TextItem {
  fontSize?: number;
  text?: unknown;
}

/** Width of a text in pixels: Inter's letters are 0.56 em wide on average; vega's own guess without a canvas is 0.8, which leaves gaps. */
function widthOf(item: TextItem, text: unknown = item.text): number {
  return 0.56 * (item.fontSize ?? 11) * String(text).length;
}

/** PNG bytes of an SVG in Inter, `zoom` pixels for each of its own. */
export async function rasterize(svg: string, zoom: number): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = {
    loadSystemFonts: false,
    fontFiles: [fontFile('400Regular'), fontFile('600SemiBold')],
    defaultFontFamily: 'Inter',
  };
  const image = new Resvg(svg, { font, fitTo: { mode: 'zoom', value: zoom } }).render();
  noteGarbage(4 * image.width * image.height); // its pixels, of which V8 knows nothing
  return image.asPng();
}

/** PNG bytes of a chart, at twice the specification's size. About 0.3 s for 5,000 points. */
export async function drawChart(spec: TopLevelSpec): Promise<Buffer> {
  // only the evaluator draws, and only now and then: other commands do not pay 0.25 s for these imports
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  (vega as unknown as TextMetrics).textMetrics.width = widthOf;
  const compiled = vegaLite.compile({ ...spec, config: THEME } as TopLevelSpec).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return rasterize(svg, 2);
}
