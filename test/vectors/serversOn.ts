/** The Chroma servers of this machine that have a folder open, by process id. */
import { readdirSync, readlinkSync, readFileSync } from "node:fs"

const orElse = <A>(fallback: A, read: () => A): A => {
  try {
    return read()
  } catch {
    return fallback
  }
}

const isZombie = (pid: number) => orElse(true, () => / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")))

const opens = (pid: number, file: string) =>
  orElse<Array<string>>([], () => readdirSync(`/proc/${pid}/fd`)).some((fd) =>
    orElse(false, () => readlinkSync(`/proc/${pid}/fd/${fd}`) === file)
  )

const processes = () =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && !isZombie(pid))

/** Processes that have the database of the folder open. */
export const serversOn = (folder: string): ReadonlyArray<number> =>
  processes().filter((pid) => opens(pid, `${folder}/chroma.sqlite3`))

/** Processes that were started for the folder, servers or not yet. */
export const childrenOn = (folder: string): ReadonlyArray<number> =>
  processes().filter((pid) =>
    orElse("", () => readFileSync(`/proc/${pid}/cmdline`, "utf8")).includes(`--path\0${folder}\0`)
  )
