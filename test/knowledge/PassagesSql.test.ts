/** Passages over SQLite in memory. */
import { Layer } from "effect"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"
import { suite } from "../contract/Passages.ts"

const state = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))

suite("SQLite", PassagesSql.layer.pipe(Layer.provide(state)))
