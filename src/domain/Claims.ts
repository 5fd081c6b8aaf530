/** What a model writes: a decision, then sentences that each name a passage and the words they rest on; read as it comes. */
import { Result, Schema } from "effect"

export const Verdict = Schema.Literals(["answered", "conflicting", "unanswered"])
export type Verdict = typeof Verdict.Type

/** A sentence and what it is said to rest on; nothing of it is checked. */
export const Claim = Schema.Struct({
  text: Schema.String,
  /** The id of a passage that the model was shown. */
  passage: Schema.Int,
  quote: Schema.String
})
export type Claim = typeof Claim.Type

/** In the order in which it is to be written: the decision before any sentence. */
export const Draft = Schema.Struct({
  verdict: Verdict,
  /** How sure, 0 to 1. */
  certainty: Schema.Finite,
  sentences: Schema.Array(Claim)
})
export type Draft = typeof Draft.Type

/** What is known of a draft that is still being written. */
export interface Reading {
  readonly verdict?: Verdict
  readonly certainty?: number
  readonly claims: ReadonlyArray<Claim>
}

const Head = Schema.Struct({ verdict: Verdict, certainty: Schema.optionalKey(Schema.Finite) })
const decodeHead = Schema.decodeUnknownResult(Schema.fromJsonString(Head))
const decodeClaim = Schema.decodeUnknownResult(Schema.fromJsonString(Claim))
const decodeDraft = Schema.decodeUnknownResult(Schema.fromJsonString(Draft))

/** Where members of the outermost object end, and the objects two levels below it, in JSON that may not be whole. */
const landmarks = (json: string) => {
  const members: Array<number> = []
  const objects: Array<readonly [from: number, to: number]> = []
  let [depth, inString, from] = [0, false, 0]
  for (let i = 0; i < json.length; i++) {
    const char = json[i]!
    if (inString) {
      if (char === "\\") i++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === "{" || char === "[") {
      if (++depth === 3) from = i
    } else if (char === "}" || char === "]") {
      if (depth-- === 3) objects.push([from, i + 1])
      if (depth === 0) members.push(i)
    } else if (char === "," && depth === 1) members.push(i)
  }
  return { members, objects }
}

/** Of the part of a draft that is there; what is not well-formed in it is left out. */
export const read = (json: string): Reading => {
  const { members, objects } = landmarks(json)
  const heads = members.flatMap((end) => {
    const head = decodeHead(`${json.slice(0, end)}}`)
    return Result.isSuccess(head) ? [head.success] : []
  })
  const claims = objects.flatMap(([from, to]) => {
    const claim = decodeClaim(json.slice(from, to))
    return Result.isSuccess(claim) ? [claim.success] : []
  })
  return { ...heads.at(-1), claims }
}

/** A draft that is whole; `undefined` when it is none. */
export const parse = (json: string): Draft | undefined => Result.getOrUndefined(decodeDraft(json))
