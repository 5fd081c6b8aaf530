/** A small chart of the last hour, newest at the right. */
import { texts } from "./texts.ts"

type Series = ReadonlyArray<number | null>

const bars = 60
const width = 3
const height = 18

interface Props {
  readonly series: Series
  /** Steps of the series in one bar. */
  readonly per: number
  /** The highest bar of all charts that are to compare. */
  readonly highest: number
}

export const Spark = ({ series, per, highest }: Props) => {
  const sums = barsOf(series, per)
  const total = sums.reduce<number>((sum, value) => sum + (value ?? 0), 0)
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${bars * width} ${height}`}
      role="img"
      aria-label={texts.machine.inLastHour(total)}
    >
      <title>{texts.machine.inLastHour(total)}</title>
      <path class="ground" d={sums.map((_, at) => bar(at, 1)).join("")} />
      <path d={sums.map((value, at) => (value ? bar(at, heightOf(value, highest)) : "")).join("")} />
    </svg>
  )
}

const bar = (at: number, high: number): string => `M${at * width} ${height}v-${high}h${width - 1}v${high}z`

/** Square roots, so that one large value does not flatten all others. */
const heightOf = (value: number, highest: number): number =>
  Math.max(2, Math.round(height * Math.sqrt(value / Math.max(highest, 1))))

/** Oldest first; `null` where nothing is known. */
export const barsOf = (series: Series, per: number): Series =>
  Array.from({ length: bars }, (_, at) => {
    const end = series.length - (bars - 1 - at) * per
    const steps = end <= 0 ? [] : series.slice(Math.max(0, end - per), end)
    const known = steps.filter((value) => value !== null)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
  })

export const highestOf = (all: ReadonlyArray<Series>, per: number): number =>
  Math.max(1, ...all.flatMap((series) => barsOf(series, per).map((value) => value ?? 0)))
