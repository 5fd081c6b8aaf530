/**
 * Starts `rtfm`. To read the program takes half of a short command's time, so what V8 makes of it is kept for the next
 * one, in a folder that only who installed the program writes to; where that is somebody else, nothing is kept.
 */
import { enableCompileCache } from "node:module"
import { join } from "node:path"

enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/rtfm-bot"))
await import("./program.ts")
