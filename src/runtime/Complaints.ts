/** The last warnings and errors of the log, for whoever asks what went wrong. */
import { Context } from "effect"

export interface Complaint {
  /** Milliseconds since the epoch; of the last time. */
  readonly at: number
  readonly level: "warning" | "error"
  readonly actor: string | null
  readonly text: string
  /** How often it was said in a row. */
  readonly times: number
}

export interface Kept {
  readonly add: (complaint: Omit<Complaint, "times">) => void
  /** Newest first. */
  readonly all: () => ReadonlyArray<Complaint>
}

const kept = 100
/** Characters of one, at most. */
const longest = 2_000

const isSame = (one: Omit<Complaint, "times">, other: Omit<Complaint, "times">) =>
  one.text === other.text && one.actor === other.actor && one.level === other.level

export const make = (): Kept => {
  const complaints: Array<Complaint> = []
  return {
    add: (complaint) => {
      const said = { ...complaint, text: complaint.text.slice(0, longest) }
      const last = complaints[0]
      if (last !== undefined && isSame(last, said)) complaints[0] = { ...said, times: last.times + 1 }
      else complaints.unshift({ ...said, times: 1 })
      if (complaints.length > kept) complaints.pop()
    },
    all: () => [...complaints]
  }
}

/** Of this process. */
export const Complaints = Context.Reference<Kept>("rtfm/runtime/Complaints", { defaultValue: make })
