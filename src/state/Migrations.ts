/** Every change of the state's tables, in order. A released migration is never edited. */
import { Effect, Layer } from "effect"
import { Migrator } from "effect/sql"
import * as Passages from "./migrations/0001_passages.ts"
import * as Documents from "./migrations/0002_documents.ts"
import * as Calibration from "./migrations/0003_calibration.ts"
import * as LocalChat from "./migrations/0004_local_chat.ts"
import * as Feedback from "./migrations/0005_feedback.ts"
import * as Sources from "./migrations/0006_sources.ts"
import * as Discord from "./migrations/0007_discord.ts"
import * as LocalThreads from "./migrations/0008_local_threads.ts"
import * as Answers from "./migrations/0009_answers.ts"
import * as Events from "./migrations/0010_events.ts"
import * as Indexes from "./migrations/0011_indexes.ts"
import * as Routes from "./migrations/0012_routes.ts"
import * as RecentEvents from "./migrations/0013_recent_events.ts"
import * as GivenAnswers from "./migrations/0014_given_answers.ts"
import * as Files from "./migrations/0015_files.ts"
import * as AskedQuestions from "./migrations/0016_asked_questions.ts"
import * as Solutions from "./migrations/0017_solutions.ts"

export const layer = Layer.effectDiscard(
  Effect.asVoid(
    Migrator.make({})({
      loader: Migrator.fromRecord({
        "0001_passages": Passages.migration,
        "0002_documents": Documents.migration,
        "0003_calibration": Calibration.migration,
        "0004_local_chat": LocalChat.migration,
        "0005_feedback": Feedback.migration,
        "0006_sources": Sources.migration,
        "0007_discord": Discord.migration,
        "0008_local_threads": LocalThreads.migration,
        "0009_answers": Answers.migration,
        "0010_events": Events.migration,
        "0011_indexes": Indexes.migration,
        "0012_routes": Routes.migration,
        "0013_recent_events": RecentEvents.migration,
        "0014_given_answers": GivenAnswers.migration,
        "0015_files": Files.migration,
        "0016_asked_questions": AskedQuestions.migration,
        "0017_solutions": Solutions.migration
      })
    })
  )
)
