/** All programs. */
import type { Chapter } from "./program.ts";
import { numbers } from "./programs/rdd_numbers.ts";

export const CHAPTERS: readonly Chapter[] = [
  { name: "numbers", programs: numbers },
];
