/** The rows that are on the page are those the reader sees, and the rest keeps its place. */
import { describe, expect, it } from "vitest"
import { offsetOf, rangeOf } from "../../../src/web/console/Window.ts"

const heightOf = (index: number) => 20 + (index % 7) * 10
const total = (count: number) => offsetOf(count, heightOf)

describe("rangeOf", () => {
  it("has short lists as a whole", () => {
    expect(rangeOf(250, heightOf, { top: 0, height: 800 }, false)).toEqual({ from: 0, to: 250, before: 0, after: 0 })
  })

  it.each([0, 1, 999, 123_456, 250_000, 1e9])(
    "covers what is seen at %d, and all together is as high as ever",
    (top) => {
      const count = 10_000
      const range = rangeOf(count, heightOf, { top, height: 800 }, false)
      const seenFrom = Math.min(top, total(count) - 800)
      expect(range.before).toBe(offsetOf(range.from, heightOf))
      expect(range.before).toBeLessThanOrEqual(seenFrom)
      expect(offsetOf(range.to, heightOf)).toBeGreaterThanOrEqual(seenFrom + 800)
      expect(offsetOf(range.to, heightOf) + range.after).toBe(total(count))
      expect(range.to - range.from).toBeLessThan(250)
    }
  )

  it("ends with the last row at the end, wherever the reader was seen before", () => {
    const range = rangeOf(10_000, heightOf, { top: 5, height: 800 }, true)
    expect(range.to).toBe(10_000)
    expect(range.after).toBe(0)
    expect(range.to - range.from).toBeLessThan(120)
  })
})
