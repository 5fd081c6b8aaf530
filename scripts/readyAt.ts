/** A process that was started, as soon as it is there. */
import type { ChildProcess } from "node:child_process"

/** Where the process says it is; what it prints is read to its end, or it could not print. */
export const readyAt = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = ""
    child.stdout!.on("data", (chunk) => {
      said += String(chunk)
      const url = /ready: (http:\/\/\S+?)\/?\s/.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once("exit", () => reject(new Error(`rtfm ended before it was ready:\n${said}`)))
  })
