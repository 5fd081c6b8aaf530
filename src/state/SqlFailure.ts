/** What an SQL error means to those above: the driver's own words, and whether the disk is full. */
import type { SqlError } from "effect/sql"

/** SQLite's `SQLITE_FULL`, without its extended bits. */
const sqliteFull = 13

export const from = (error: SqlError.SqlError): { readonly reason: "full" | "failed"; readonly message: string } => {
  const { cause } = error.reason
  const code = cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode : 0
  return {
    reason: (code & 0xff) === sqliteFull ? "full" : "failed",
    message: cause instanceof Error ? cause.message : error.message
  }
}
