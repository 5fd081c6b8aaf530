/** `npm test`: checks, then every test with real parts; ends with `N passed, N failed, N skipped` and fails on a skip. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fetchProgram } from "../test/fixtures/S3Server.ts"

const run = (
  title: string,
  command: string,
  args: ReadonlyArray<string>,
  env: Record<string, string> = {}
): boolean => {
  console.log(`\n── ${title}`)
  const started = Date.now()
  const { error, status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } })
  if (error !== undefined) console.error(`${command} could not be started: ${error.message}`)
  console.log(`── ${title}: ${status === 0 ? "ok" : "FAILED"} in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  return status === 0
}

const browsers = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium", "/usr/bin/chromium-headless-shell"]
const browser = () => browsers.find((path) => path !== undefined && existsSync(path))

const apt = (...args: ReadonlyArray<string>) => {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"]
  const [command, ...rest] = [...sudo, "apt-get", ...args]
  return run(`apt-get ${args.join(" ")}`, command!, rest, { DEBIAN_FRONTEND: "noninteractive" })
}

/** A machine without what a test needs gets Debian's. */
const ensure = (debian: string, isThere: () => boolean, missing: string): boolean => {
  if (isThere()) return true
  apt("-qq", "update")
  apt("-qq", "install", "-y", "--no-install-recommends", debian)
  if (isThere()) return true
  console.error(missing)
  return false
}

/** The page is tested in a real browser. */
const ensureBrowser = (): boolean =>
  ensure(
    "chromium",
    () => browser() !== undefined,
    "No Chromium: install one and name it in CHROMIUM_PATH; the tests of the page need it."
  )

/** Records go to and from another implementation of Kafka's client. */
const ensureKcat = (): boolean =>
  ensure("kcat", () => spawnSync("kcat", ["-V"]).status === 0, "No kcat: install it; the tests of Kafka need it.")

/** Files go to a real S3 server, which is built once per machine: before the tests, whose time is limited. */
const ensureS3 = async (): Promise<boolean> => {
  console.log("\n── versitygw")
  try {
    console.log(await fetchProgram())
    return true
  } catch (error) {
    console.error(`No versitygw: the tests of files need go to build it. ${String(error)}`)
    return false
  }
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: ReadonlyArray<{ readonly status: string; readonly assertionResults: ReadonlyArray<unknown> }>
}

const reportFile = join(mkdtempSync(join(tmpdir(), "rtfm-test-")), "report.json")
const readReport = (): Report | undefined =>
  existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, "utf8")) as Report) : undefined

const checks = [
  run("format", "oxfmt", ["--check"]),
  run("lint", "oxlint", ["--deny-warnings"]),
  run("types", "tsc", ["-p", "."]),
  ensureBrowser(),
  ensureKcat(),
  await ensureS3()
]
const tests = run("tests", "vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile=${reportFile}`])
const report = readReport()

const passed = report?.numPassedTests ?? 0
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
// A file that cannot be loaded fails without a test of its own.
const brokenFiles =
  report?.testResults.filter(({ assertionResults, status }) => status === "failed" && assertionResults.length === 0)
    .length ?? 1
const failed = (report?.numFailedTests ?? 0) + brokenFiles + checks.filter((ok) => !ok).length
const green = tests && failed === 0 && skipped === 0 && passed > 0
if (skipped > 0) console.error("\nTests were skipped: every part a test needs has to be there.")
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = green ? 0 : 1
