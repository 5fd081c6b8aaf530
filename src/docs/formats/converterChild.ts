/**
 * A process that converts one document at a time, so that one that is made to take all time or memory takes none of the
 * bot's. A thread ends it when its memory grows beyond `--memory` bytes or its parent is gone; time is the parent's.
 */
import { Worker } from "node:worker_threads"
import * as Reader from "./Reader.ts"

const watch = `
  const { workerData } = require("node:worker_threads")
  setInterval(() => {
    if (process.memoryUsage.rss() > workerData.memory || process.ppid !== workerData.parent) process.kill(process.pid, "SIGKILL")
  }, 20)
`

const memory = Number(process.argv[2])
new Worker(watch, { eval: true, workerData: { memory, parent: process.ppid }, stdout: true, stderr: true }).unref()

process.on("disconnect", () => process.exit())
process.on("message", (original: Reader.Original) => {
  void Reader.read(original).then((result) => process.send!(result))
})
