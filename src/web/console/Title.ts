/** Titles of sections: headings from the outermost to the section's own. */

const separator = " › "

export const ownTitle = (title: string): string => title.split(separator).at(-1)!

/** The headings above; empty when there are none. */
export const titleAbove = (title: string): string => title.split(separator).slice(0, -1).join(separator)

/** 1 for an outermost heading. */
export const depthOf = (title: string): number => title.split(separator).length
