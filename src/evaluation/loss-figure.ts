// What D's loss says of samples beside how far they are from the data, over the steps of two games: Arjovsky et al. 2017, figures 3 and 4.
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, drawChart, panelTitle } from './chart.js';

export interface Checkpoint {
  step: number;
  /** what D's loss says of how far p_g is from the data */
  estimate: number;
  /** sliced Wasserstein distance of samples and data */
  distance: number;
}

export interface Course {
  /** of the loss */
  title: string;
  /** what the estimate is of, with its unit */
  estimates: string;
  correlation: number;
  /** ascending */
  checkpoints: readonly Checkpoint[];
}

/** PNG bytes: a row a game, estimate and distance over steps, and one against the other. */
export function drawCourses(courses: readonly Course[]): Promise<Buffer> {
  const step = {
    field: 'step',
    type: 'quantitative',
    title: "G's step",
    scale: { nice: false },
    axis: { tickCount: 5 },
  };
  const number = (field: string, title: string) => ({
    field,
    type: 'quantitative',
    title,
    scale: { zero: false },
    axis: { tickCount: 5 },
  });
  const chart = (title: string, mark: object, encoding: object, { checkpoints }: Course) => ({
    width: 270,
    height: 170,
    title: panelTitle(title),
    data: { values: checkpoints },
    mark,
    encoding,
  });
  const line = (color: string) => ({ type: 'line', strokeWidth: 2, color });
  const spec = {
    title: { text: "D's loss beside the distance of samples from the data" },
    spacing: 30,
    vconcat: courses.map((course) => {
      const estimate = number('estimate', course.estimates);
      const distance = number('distance', 'sliced Wasserstein distance');
      const point = { type: 'point', filled: true, size: 40, color: COLOURS.captured };
      return {
        spacing: 30,
        hconcat: [
          chart(
            `${course.title}: what its loss says`,
            line(COLOURS.generated),
            { x: step, y: estimate },
            course,
          ),
          chart(distance.title, line(COLOURS.real), { x: step, y: { ...distance, title: null } }, course),
          chart(`correlation ${course.correlation.toFixed(2)}`, point, { x: distance, y: estimate }, course),
        ],
      };
    }),
  };
  return drawChart(spec as unknown as TopLevelSpec);
}
