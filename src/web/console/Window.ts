/** Which rows of a long list are on the page: those the reader sees, and some around them. Pure. */

export interface Range {
  readonly from: number
  /** Not included. */
  readonly to: number
  /** Pixels of the rows before and after. */
  readonly before: number
  readonly after: number
}

export interface Sight {
  readonly top: number
  readonly height: number
}

/** Lists up to this length are on the page as a whole. */
const short = 250
/** Pixels above and below what the reader sees. */
const around = 1_600

const whole = (count: number): Range => ({ from: 0, to: count, before: 0, after: 0 })

/** `heightOf` is measured, or a guess. At the end everything is counted from there, where the reader is. */
export const rangeOf = (count: number, heightOf: (index: number) => number, sight: Sight, atEnd: boolean): Range => {
  if (count <= short) return whole(count)
  const heights = Array.from({ length: count }, (_, index) => heightOf(index))
  const total = heights.reduce((sum, height) => sum + height, 0)
  const top = atEnd ? total - sight.height : Math.min(sight.top, total - sight.height)
  let from = 0
  let before = 0
  while (from < count - 1 && before + heights[from]! < top - around) before += heights[from++]!
  let to = from
  let reached = before
  while (to < count && reached < top + sight.height + around) reached += heights[to++]!
  return { from, to, before, after: total - reached }
}

/** Pixels above a row. */
export const offsetOf = (index: number, heightOf: (index: number) => number): number => {
  let offset = 0
  for (let at = 0; at < index; at++) offset += heightOf(at)
  return offset
}
