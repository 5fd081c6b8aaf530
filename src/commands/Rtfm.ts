/** The `rtfm` command tree. */
import { Command } from "effect/cli"
import { ask } from "./Ask.ts"
import { backfill } from "./Backfill.ts"
import { consume } from "./Consume.ts"
import { deadLetters } from "./DeadLetters.ts"
import { doctor } from "./Doctor.ts"
import { evaluate } from "./Eval.ts"
import { forget } from "./Forget.ts"
import { ingest } from "./Ingest.ts"
import { mcp } from "./Mcp.ts"
import { notify } from "./Notify.ts"
import { produce } from "./Produce.ts"
import { reindex } from "./Reindex.ts"
import { replay } from "./Replay.ts"
import { routes } from "./Routes.ts"
import { sources } from "./Sources.ts"
import { schemas } from "./Schemas.ts"
import { start } from "./Start.ts"
import { topics } from "./Topics.ts"

export const rtfm = Command.make("rtfm").pipe(
  Command.withDescription("Answers questions from your documentation and your chat, with quotes and links"),
  Command.withSubcommands([
    start,
    ask,
    ingest,
    sources,
    backfill,
    forget,
    mcp,
    topics,
    produce,
    consume,
    deadLetters,
    schemas,
    notify,
    routes,
    doctor,
    evaluate,
    reindex,
    replay
  ]),
  Command.withExamples([
    { command: "rtfm start", description: "Start the bot and its page" },
    { command: "rtfm ingest docs/", description: "Teach it a folder of documentation" },
    { command: 'rtfm ask "How do I ingest a folder?"', description: "Ask it something" }
  ])
)
