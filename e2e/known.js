// What we know to be wrong and have not mended yet. An empty list is the aim.

/** Breaks of WCAG: `page` and `rule` as the tests name them, and `reason`, why it is so. */
export const breaks = [];
