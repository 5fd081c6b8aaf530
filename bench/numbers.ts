/** Numbers as the benchmarks put them together and show them. */

export const quantile = (numbers: ReadonlyArray<number>, q: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * q))]!

export const medianOf = <A>(samples: ReadonlyArray<A>, of: (sample: A) => number): number =>
  quantile(samples.map(of), 0.5)

/** A whole number a second. */
export const rate = (count: number, seconds: number): string => Math.round(count / seconds).toLocaleString("en")
