/** What every request goes through before its handler. */
import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import * as Problem from "../Problem.ts"

/** What every request can meet before it reaches its handler. */
export class Problems extends HttpApiMiddleware.Service<Problems>()("rtfm/web/Problems", {
  error: [Problem.BadRequest, Problem.Forbidden, Problem.Internal, Problem.Unavailable]
}) {}

export class Authorization extends HttpApiMiddleware.Service<Authorization>()("rtfm/web/Authorization", {
  error: Problem.Unauthorized,
  security: {
    token: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotate(OpenApi.Description, "The value of API_TOKEN; needed only where that is set")
    )
  }
}) {}
