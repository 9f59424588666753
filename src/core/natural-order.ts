const collator = new Intl.Collator("en", { numeric: true });

/** Order of names with numbers by their size: `run-2` before `run-10`. English whatever the machine's language, so that no result hangs on it; 0 for names that differ in nothing it sees. */
export const naturalOrder = (a: string, b: string): number => collator.compare(a, b);
