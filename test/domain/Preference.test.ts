/** Age counts for messages only, and only so much; whom the operator trusts comes first among equals. */
import { assert, describe, it } from "@effect/vitest"
import { favour, type Said } from "../../src/domain/Preference.ts"

const day = 86_400_000
const now = 1_000 * day
const message = (more: Partial<Said> = {}): Said => ({
  kind: "chat",
  editedAt: now,
  authorIds: ["ann"],
  accepted: false,
  ...more
})
const preference = { halfLife: 10 * day, trusted: new Set(["maintainer"]) }

describe("favour", () => {
  it("is 1 for what is new, and falls by half of what there is to lose in a half-life", () => {
    assert.strictEqual(favour(preference, message(), now), 1)
    assert.closeTo(favour(preference, message({ editedAt: now - 10 * day }), now), 0.925, 1e-9)
    assert.closeTo(favour(preference, message({ editedAt: 0 }), now), 0.85, 1e-9)
  })

  it("never counts the age of documents, nor any when it is off", () => {
    assert.strictEqual(favour(preference, message({ kind: "document", editedAt: 0 }), now), 1)
    assert.strictEqual(favour({ ...preference, halfLife: 0 }, message({ editedAt: 0 }), now), 1)
  })

  it("lifts chat in which a trusted author speaks", () => {
    assert.closeTo(favour(preference, message({ authorIds: [null, "ann", "maintainer"] }), now), 1.1, 1e-9)
  })

  it("lifts chat that solved what was asked more than that, and not by both together", () => {
    assert.closeTo(favour(preference, message({ accepted: true }), now), 1.15, 1e-9)
    assert.closeTo(favour(preference, message({ accepted: true, authorIds: ["maintainer"] }), now), 1.15, 1e-9)
    assert.strictEqual(favour(preference, message({ kind: "document", accepted: true }), now), 1)
  })

  it("does not reward a clock that is ahead", () => {
    assert.strictEqual(favour(preference, message({ editedAt: now + day }), now), 1)
  })
})
