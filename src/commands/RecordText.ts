/** How a record is shown: for people, as a line of JSON, or its value alone. Pure. */
import type { RecordInfo } from "../web/Api.ts"

type Incoming = typeof RecordInfo.Type
export type Shown = Incoming & {
  /** Records that come after it in its partition. */
  readonly lag: number
}

/** What would move the cursor or change colours in a terminal shows as a picture of itself. */
const visible = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) =>
    char < " " ? String.fromCodePoint(0x2400 + char.codePointAt(0)!) : "\u2421"
  )

export const pretty = ({ headers, key, lag, offset, partition, timestamp, topic, value }: Shown): string => {
  const head = [
    `${topic}/${partition}/${offset}`,
    new Date(timestamp).toISOString(),
    `lag=${lag}`,
    ...(key === null ? [] : [`key=${key}`]),
    ...Object.entries(headers).map(([name, text]) => `${name}: ${text}`)
  ]
  return visible(`${head.join("  ")}\n  ${value.replaceAll("\n", "\n  ")}`)
}

export const oneLine = (record: Shown): string => JSON.stringify(record)

export const valueOnly = ({ value }: Shown): string => visible(value)

/** `key=K` is a record's key; anything else is part of its value. */
export const matching = (filter: string) => {
  const key = filter.startsWith("key=") ? filter.slice(4) : undefined
  return (record: Pick<Incoming, "key" | "value">): boolean =>
    key === undefined ? record.value.includes(filter) : record.key === key
}
