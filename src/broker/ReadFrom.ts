/** Where to begin reading, as people and programs write it: `earliest`, `latest`, `offset=N` or `time=ISO`. Pure. */
import { Result } from "effect"
import type { ReadFrom } from "./Broker.ts"

export const expected = "earliest, latest, offset= and a number, or time= and a date such as 2026-01-31T08:00:00Z"

const dateLike = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/

export const parse = (text: string): Result.Result<ReadFrom, string> => {
  if (text === "earliest" || text === "latest") return Result.succeed(text)
  const [, name, value = ""] = /^(offset|time)=(.+)$/.exec(text) ?? []
  if (name === "offset" && /^\d{1,15}$/.test(value)) return Result.succeed({ offset: Number(value) })
  const time = dateLike.test(value) ? Date.parse(value) : Number.NaN
  if (name === "time" && Number.isFinite(time)) return Result.succeed({ time })
  return Result.fail(`Expected ${expected}`)
}
