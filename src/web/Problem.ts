/** How a request can fail, as RFC 9457 problem details; every body of a failure is one of these. */
import { Effect, Schema } from "effect"
import { HttpServerResponse, ProblemDetails } from "effect/http"
import { HttpApiError } from "effect/http-api"
import type { BrokerError } from "../broker/Broker.ts"
import type { ChatError } from "../chat/Chat.ts"
import type { PassagesError } from "../knowledge/Passages.ts"

const type = ProblemDetails.blankType

/** One sentence: what, where, and what was expected; never a value that was sent. */
const members = { detail: Schema.String }

export class BadRequest extends HttpApiError.Problem<BadRequest>()(
  "BadRequest",
  { type, status: 400, title: "Bad Request" },
  {
    ...members,
    errors: Schema.optionalKey(
      Schema.Array(
        Schema.Struct({
          path: Schema.String.annotate({ description: "Where, such as `body.text` or `query.limit`" }),
          message: Schema.String
        })
      )
    )
  },
  { identifier: "BadRequest", description: "The request is not JSON, or not what the schema says" }
) {}

export class Unauthorized extends HttpApiError.Problem<Unauthorized>()(
  "Unauthorized",
  { type, status: 401, title: "Unauthorized" },
  members,
  { identifier: "Unauthorized", description: "The token is missing or wrong" }
) {}

export class Forbidden extends HttpApiError.Problem<Forbidden>()(
  "Forbidden",
  { type, status: 403, title: "Forbidden" },
  members,
  { identifier: "Forbidden", description: "A foreign Host or Origin, or a message of somebody else" }
) {}

export class NotFound extends HttpApiError.Problem<NotFound>()(
  "NotFound",
  { type, status: 404, title: "Not Found" },
  members,
  { identifier: "NotFound", description: "There is no such thing" }
) {}

export class MethodNotAllowed extends HttpApiError.Problem<MethodNotAllowed>()(
  "MethodNotAllowed",
  { type, status: 405, title: "Method Not Allowed" },
  members
) {}

export class ContentTooLarge extends HttpApiError.Problem<ContentTooLarge>()(
  "ContentTooLarge",
  { type, status: 413, title: "Content Too Large" },
  members,
  { identifier: "ContentTooLarge", description: "The body is larger than the endpoint takes" }
) {}

export class UnsupportedMediaType extends HttpApiError.Problem<UnsupportedMediaType>()(
  "UnsupportedMediaType",
  { type, status: 415, title: "Unsupported Media Type" },
  members,
  { identifier: "UnsupportedMediaType", description: "The body is not `application/json`" }
) {}

export class Invalid extends HttpApiError.Problem<Invalid>()(
  "Invalid",
  { type, status: 422, title: "Unprocessable Content" },
  members,
  { identifier: "Invalid", description: "Well formed, and yet it cannot be done" }
) {}

export class Internal extends HttpApiError.Problem<Internal>()(
  "Internal",
  { type, status: 500, title: "Internal Server Error" },
  members,
  { identifier: "Internal", description: "A fault of the program; its log says which" }
) {}

export class Unavailable extends HttpApiError.Problem<Unavailable>()(
  "Unavailable",
  { type, status: 503, title: "Service Unavailable" },
  members,
  { identifier: "Unavailable", description: "A part is down or the process is stopping; try again later" }
) {}

export type Problem =
  | BadRequest
  | Unauthorized
  | Forbidden
  | NotFound
  | MethodNotAllowed
  | ContentTooLarge
  | UnsupportedMediaType
  | Invalid
  | Internal
  | Unavailable

export const unauthorized = new Unauthorized({ detail: "Expected `Authorization: Bearer` and the value of API_TOKEN" })

/** What a status says when whoever set it said nothing more. */
const ofStatus: Readonly<Record<number, Problem>> = {
  400: new BadRequest({ detail: "The request could not be read" }),
  401: unauthorized,
  403: new Forbidden({ detail: "This is not allowed" }),
  404: new NotFound({ detail: "There is nothing at this address" }),
  405: new MethodNotAllowed({ detail: "This address does not take this method" }),
  413: new ContentTooLarge({ detail: "The body is larger than this address takes" }),
  415: new UnsupportedMediaType({ detail: "Expected `Content-Type: application/json`" }),
  503: new Unavailable({ detail: "The process is stopping; ask again in a moment" })
}
const internal = new Internal({ detail: "Something went wrong here; the log of the process says what" })

export const toResponse = (problem: Problem): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe({ ...problem }, { status: problem.status, contentType: ProblemDetails.contentType })

export const responseOf = (status: number): HttpServerResponse.HttpServerResponse =>
  toResponse(ofStatus[status] ?? internal)

export const isProblem = (response: HttpServerResponse.HttpServerResponse): boolean =>
  response.headers["content-type"] === ProblemDetails.contentType

/** Fails with the problem; what an operator has to look at is logged. */
const failing = <P extends Problem>(problem: P): Effect.Effect<never, P> =>
  problem.status < 500 ? Effect.fail(problem) : Effect.andThen(Effect.logWarning(problem.detail), Effect.fail(problem))

export const ofChat = ({
  detail,
  reason
}: ChatError): Effect.Effect<never, NotFound | Forbidden | Invalid | Unavailable> => {
  switch (reason) {
    case "unknown-channel":
      return failing(new NotFound({ detail }))
    case "forbidden":
      return failing(new Forbidden({ detail }))
    case "invalid":
      return failing(new Invalid({ detail }))
    default:
      return failing(new Unavailable({ detail }))
  }
}

export const ofBroker = ({ detail, reason }: BrokerError): Effect.Effect<never, NotFound | Invalid | Unavailable> => {
  switch (reason) {
    case "unknown-topic":
      return failing(new NotFound({ detail }))
    case "invalid":
      return failing(new Invalid({ detail }))
    default:
      return failing(new Unavailable({ detail }))
  }
}

export const ofPassages = ({ detail }: PassagesError): Effect.Effect<never, Unavailable> =>
  failing(new Unavailable({ detail }))
