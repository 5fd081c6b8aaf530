/** What an SQL error means to those above: the driver's own words, and whether the disk is full. */
import { SqlError } from "effect/sql"

/** SQLite's `SQLITE_FULL` and `SQLITE_BUSY`, without their extended bits. */
const [sqliteFull, sqliteBusy] = [13, 5]

const codeOf = ({ reason: { cause } }: SqlError.SqlError): number =>
  cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode & 0xff : 0

/** Another process writes to SQLite, and nothing was done. */
export const isBusy = (error: unknown): boolean => SqlError.isSqlError(error) && codeOf(error) === sqliteBusy

export const from = (error: SqlError.SqlError): { readonly reason: "full" | "failed"; readonly message: string } => {
  const { cause } = error.reason
  return {
    reason: codeOf(error) === sqliteFull ? "full" : "failed",
    message: cause instanceof Error ? cause.message : error.message
  }
}
