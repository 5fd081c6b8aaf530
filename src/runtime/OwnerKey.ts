/**
 * What a program proves with that it may read `DATA_DIR`, and so runs for the same user: the running process keeps it in
 * `running.json`, which nobody else can read.
 */
import { Context } from "effect"
import { randomUUID } from "node:crypto"

/** The header of a request that carries it. */
export const header = "rtfm-owner-key"

/** New in every process. */
export const OwnerKey = Context.Reference<string>("rtfm/runtime/OwnerKey", { defaultValue: () => randomUUID() })
