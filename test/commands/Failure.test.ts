/** Which exit code a failure of the broker has. */
import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { BrokerError } from "../../src/broker/Broker.ts"
import { exitCodeOf } from "../../src/commands/Failure.ts"

const codeOf = (error: Omit<ConstructorParameters<typeof BrokerError>[0], "detail">) =>
  exitCodeOf(Cause.fail(new BrokerError({ detail: "", ...error })))

describe("The exit code of a broker's failure", () => {
  it("tells what this machine lacks from what others refuse, and both from a record", () => {
    assert.deepStrictEqual(
      [
        codeOf({ reason: "locked" }),
        codeOf({ reason: "full" }),
        codeOf({ reason: "invalid" }),
        codeOf({ reason: "unauthorized", fatal: true }),
        codeOf({ reason: "invalid", fatal: true, topic: "t" }),
        codeOf({ reason: "invalid", topic: "t" }),
        codeOf({ reason: "unreachable" })
      ],
      [3, 5, 5, 7, 7, 1, 1]
    )
  })
})
