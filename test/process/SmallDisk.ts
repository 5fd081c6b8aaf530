/** A disk of a few MB that can be filled: a write on it fails with ENOSPC because the kernel says so. */
import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface SmallDisk {
  readonly folder: string
  /** Takes all the room that is left. */
  readonly fill: () => void
  /** Gives back what was taken. */
  readonly free: () => void
  readonly remove: () => void
}

const works = (command: string, ...args: ReadonlyArray<string>) => spawnSync(command, args).status === 0

const fillerIn = (folder: string) => ({
  fill: () => {
    const file = openSync(join(folder, "filler"), "a")
    try {
      // Ever smaller, so that not a byte is left.
      for (let size = 1 << 20; size >= 1; size >>= 2) {
        while (tryWrite(file, size));
      }
    } finally {
      closeSync(file)
    }
  },
  free: () => rmSync(join(folder, "filler"), { force: true })
})

const tryWrite = (file: number, size: number): boolean => {
  try {
    return writeSync(file, Buffer.alloc(size)) > 0
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") return false
    throw cause
  }
}

/** A disk in memory that only the superuser can make. */
const mounted = (megabytes: number): SmallDisk | undefined => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-disk-"))
  const mount = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=1777`, "tmpfs", folder]
  for (const sudo of [[], ["sudo", "-n"]]) {
    const [command, ...args] = [...sudo, "mount", ...mount]
    if (!works(command!, ...args)) continue
    const remove = () => {
      const [command, ...args] = [...sudo, "umount", "--lazy", folder]
      works(command!, ...args)
      rmSync(folder, { recursive: true, force: true })
    }
    return { folder, ...fillerIn(folder), remove }
  }
  rmSync(folder, { recursive: true, force: true })
  return undefined
}

const sharedMemory = "/dev/shm"
/** Larger ones are the memory of the machine, which is not ours to fill. */
const largestShared = 1024 ** 3

/** The one that containers have. */
const shared = (): SmallDisk | undefined => {
  try {
    const { blocks, bsize } = statfsSync(sharedMemory)
    if (blocks * bsize > largestShared) return undefined
    const folder = mkdtempSync(join(sharedMemory, "rtfm-disk-"))
    return { folder, ...fillerIn(folder), remove: () => rmSync(folder, { recursive: true, force: true }) }
  } catch {
    return undefined
  }
}

export const make = (megabytes: number): SmallDisk => {
  const disk = mounted(megabytes) ?? shared()
  if (disk !== undefined) return disk
  throw new Error(`A disk to fill is needed: the right to mount a tmpfs, or a ${sharedMemory} of at most 1 GiB.`)
}
