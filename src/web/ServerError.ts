/** Why the server cannot start; no new try mends it. */
import { Schema } from "effect"

export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", {
  /**
   * - `port-in-use`: another program listens there
   * - `not-permitted`: the system does not let this user listen there
   * - `no-such-address`: HOST is no address of this machine
   * - `unprotected`: HOST is open to others and API_TOKEN is not set
   * - `failed`: anything else the system reports
   */
  reason: Schema.Literals(["port-in-use", "not-permitted", "no-such-address", "unprotected", "failed"]),
  /** One sentence that says what to do. */
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  readonly fatal = true as const
  override get message() {
    return this.detail
  }
}
