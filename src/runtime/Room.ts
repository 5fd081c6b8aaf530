/** Whether the disk of `DATA_DIR` has room for what the embedded parts write. */
import { Effect, Schema } from "effect"
import { existsSync, statfsSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { dataDir } from "../state/DataDir.ts"

export class RoomError extends Schema.TaggedError<RoomError>()("RoomError", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** With less, in bytes, the next write may be the one that fails. */
const least = 1024 * 1024

export const noRoom = (folder: string) =>
  new RoomError({ detail: `There is no room left on the disk of ${folder}: make some, or choose another DATA_DIR.` })

/** The folder itself, or the nearest above it while it has not been made. */
const existing = (folder: string): string => (existsSync(folder) ? folder : existing(dirname(folder)))

/** Fails when there is no room. What is no disk, or cannot tell, is taken to have some. */
export const check = Effect.flatMap(dataDir.config, (folder) =>
  Effect.suspend(() => {
    const path = resolve(folder)
    try {
      const { bavail, blocks, bsize } = statfsSync(existing(path))
      return blocks > 0 && bavail * bsize < least ? Effect.fail(noRoom(path)) : Effect.void
    } catch {
      return Effect.void
    }
  })
)
