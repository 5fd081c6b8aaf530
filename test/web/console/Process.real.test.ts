/** The page in a real Chromium, served by the whole process. */
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { newFolder, removeFolder, type Rtfm, start } from "../../process/Rtfm.ts"
import { suite } from "./pageSuite.ts"

/** A port that was free a moment ago, so that the process comes back where it was. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

suite("the page of the process", async () => {
  const folder = newFolder()
  const env = { PORT: String(await freePort()) }
  let process: Rtfm = await start({ folder, env })
  return {
    url: process.url,
    stop: async () => void (await process.kill("SIGKILL")),
    start: async () => {
      process = await start({ folder, env })
    },
    close: async () => {
      await process.kill("SIGKILL")
      removeFolder(folder)
    }
  }
})
