/** The folder where the embedded parts keep their files. */
import { Config } from "effect"
import * as Setting from "../runtime/Setting.ts"

export const dataDir = Setting.withDefault("DATA_DIR", {
  description: "Folder of the embedded broker, the state and the vectors; made when missing",
  expected: "a folder that can be written",
  config: Config.NonEmptyString,
  fallback: "data",
  value: "data"
})
