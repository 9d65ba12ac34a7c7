// Pictures one after another in one file that browsers and viewers play.
import sharp from 'sharp';

const FRAME_MS = 160;
/** The last picture stays so much longer. */
const LAST_MS = 2500;

/** GIF bytes, played again and again. @param frames PNG bytes of one size, at least two */
export function drawAnimation(frames: readonly Buffer[]): Promise<Buffer> {
  const delay = frames.map((_, i) => (i === frames.length - 1 ? LAST_MS : FRAME_MS));
  return sharp([...frames], { join: { animated: true } })
    .gif({ delay, loop: 0 })
    .toBuffer();
}
