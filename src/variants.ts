// Things that a config chooses by `name`: networks, losses, penalties. Each is an entry in a file of its own, with the options that it
// takes; a list of entries is all that config and builders know. A new one is a file and a row of its list.
import { z } from 'zod';

/** What every entry has: the schema of its options, whose `name` is its own. */
export interface Variant<O extends { name: string } = { name: string }> {
  options: z.ZodObject<{ name: z.ZodLiteral<O['name']> }, z.core.$ZodObjectConfig> & z.ZodType<O>;
}

/** Keys of an entry that a module of one's own makes; whatever else stands beside them is the module's. */
export const moduleKeys = {
  name: z.literal('module'),
  module: z
    .string()
    .min(1)
    .max(4096)
    .describe(
      'file of TypeScript or JavaScript; a path in a config counts from its folder. Its text decides, not where it lies',
    ),
  moduleHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('sha256 of its text with all that it imports; Nash writes it'),
};

type Variants = readonly [Variant, ...Variant[]];

/** The schema of a choice among entries. */
export const optionsOf = <const V extends Variants>(variants: V) =>
  z.discriminatedUnion(
    'name',
    variants.map(({ options }) => options) as unknown as { [K in keyof V]: V[K]['options'] },
  );

/** The entry that valid options name. */
export const variantOf = <V extends Variant>(variants: readonly V[], { name }: { name: string }): V =>
  variants.find(({ options }) => options.shape.name.value === name)!;
