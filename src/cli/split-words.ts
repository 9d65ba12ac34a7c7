// Words of a command line that came as one string.
import { NashError } from '../errors.js';

/**
 * Splits as a shell does: blanks part words, quotes keep them together, a backslash takes the next letter as it is (not within
 * single quotes). Nothing is expanded.
 * @throws NashError('usage') when a quote is not closed
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (quote !== '' && letter === quote) quote = '';
    else if (quote === '' && (letter === "'" || letter === '"')) {
      quote = letter;
      word ??= '';
    } else if (letter === '\\' && quote !== "'" && i + 1 < text.length) {
      i += 1;
      word = (word ?? '') + text[i]!;
    } else if (quote === '' && /\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (quote !== '') throw new NashError('usage', `a ${quote} is not closed in: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}
