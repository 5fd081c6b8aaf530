/** Records of which nothing is left but their place. Pure. */
import type { IncomingRecord } from "./Broker.ts"

const mark = "rtfm-erased"

/** The headers of a record that holds nothing any more. */
export const erasedHeaders: IncomingRecord["headers"] = { [mark]: "true" }

/** There is nothing to be done about it, and nothing to be shown. */
export const isErased = ({ headers, value }: Pick<IncomingRecord, "headers" | "value">): boolean =>
  value.length === 0 && mark in headers
