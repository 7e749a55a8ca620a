"""Every failure Steward reports on purpose, as one tree.

StewardError
+-- InvalidRequest 400            the caller can mend the request
|   +-- ContextTooLong
|   +-- UnsupportedByModel        the chosen model lacks what was asked
+-- NotAuthenticated 401
+-- NotAllowed 403
+-- NotFound 404
|   +-- ModelNotFound
+-- MethodNotAllowed 405
+-- RequestTimeout 408
+-- Conflict 409
|   +-- SessionBusy               another turn of the session is running
+-- RequestTooLarge 413
+-- QuotaExceeded 413             the user may keep no more files or bytes
+-- UnsupportedMediaType 415
|   +-- UnsupportedFile           no reader can take such a file
+-- RangeNotSatisfiable 416
+-- RemoteServerFailed 424        a server that the caller named cannot be used
+-- TooManyRequests 429
|   +-- InsufficientQuota         a budget of a day or a month is used up
+-- ServerFault 500               a bug or a broken installation
+-- UpstreamError 502             the model server failed
|   +-- UpstreamGarbage           it answered something that is not its protocol
|   |   +-- InvalidStructuredOutput   the model did not keep to the form that was asked for
|   +-- UpstreamCut               it stopped in the middle of an answer
|   +-- UpstreamOutOfMemory
+-- Unavailable 503
|   +-- UpstreamUnreachable
|   +-- Overloaded
+-- UpstreamTimeout 504

ToolError                         a tool's outcome, never an HTTP answer by itself
+-- ToolRetry                     the model may try again, differently
+-- ToolFailed                    it cannot be done; model and user are told why
    +-- ToolUnavailable           the tool is off on this server

The docstring of a class is its default message; `status`, `type` and `code` sit on the class.
`repeats_work` is set when a client's retry would run an agent a second time; `headers` go out with
the answer, such as the session in which a failed turn was kept.
Not for: exceptions of libraries, which stop at the adapter that caught them.
"""

from __future__ import annotations

from typing import ClassVar


class StewardError(Exception):
    """The request failed."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: ClassVar[str | None] = None
    never_again: ClassVar[bool] = False

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.param = param
        self.error_code = code or type(self).code
        self.retry_after_s = retry_after_s
        self.repeats_work = type(self).never_again
        self.headers: dict[str, str] = {}
        self.for_log = self.message  # less where the message quotes what others wrote
        super().__init__(self.message)


class InvalidRequest(StewardError):
    """The request is not valid."""

    status = 400
    type = "invalid_request_error"


class ContextTooLong(InvalidRequest):
    """The newest message alone does not fit the model's context."""

    code = "context_length_exceeded"


class UnsupportedByModel(InvalidRequest):
    """The chosen model does not support what was asked."""

    code = "unsupported_parameter"


class NotAuthenticated(StewardError):
    """No valid access token or API key was given."""

    status = 401
    type = "invalid_request_error"
    code = "invalid_api_key"


class NotAllowed(StewardError):
    """This account may not do that."""

    status = 403
    type = "permission_error"
    code = "permission_denied"


class NotFound(StewardError):
    """There is no such thing."""

    status = 404
    type = "invalid_request_error"
    code = "not_found"


class ModelNotFound(NotFound):
    """There is no such model."""

    code = "model_not_found"


class MethodNotAllowed(StewardError):
    """This address does not take that method."""

    status = 405
    type = "invalid_request_error"
    code = "method_not_allowed"


class RequestTimeout(StewardError):
    """The request did not arrive in time."""

    status = 408
    type = "invalid_request_error"
    code = "request_timeout"


class Conflict(StewardError):
    """The request contradicts what is stored."""

    status = 409
    type = "invalid_request_error"
    code = "conflict"


class SessionBusy(Conflict):
    """Another message of this session is still being answered."""

    code = "session_busy"


class RequestTooLarge(StewardError):
    """The request body is larger than this server accepts."""

    status = 413
    type = "invalid_request_error"
    code = "request_too_large"


class QuotaExceeded(StewardError):
    """No more files can be kept for this account."""

    status = 413
    type = "invalid_request_error"
    code = "quota_exceeded"


class UnsupportedMediaType(StewardError):
    """The request body is of a type this address does not take."""

    status = 415
    type = "invalid_request_error"
    code = "unsupported_media_type"


class UnsupportedFile(UnsupportedMediaType):
    """Files of this kind cannot be read."""

    code = "unsupported_file"


class RangeNotSatisfiable(StewardError):
    """The range lies outside the file."""

    status = 416
    type = "invalid_request_error"
    code = "range_not_satisfiable"


class RemoteServerFailed(StewardError):
    """A remote server cannot be used."""

    status = 424
    type = "external_connector_error"
    code = "http_error"


class TooManyRequests(StewardError):
    """Too many requests; wait before the next one."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"


class InsufficientQuota(TooManyRequests):
    """What an administrator allows for is used up."""

    type = "insufficient_quota"
    code = "insufficient_quota"
    never_again = True  # a client that tries again in a moment does so in vain


class ServerFault(StewardError):
    """The server failed; the request id in the log tells more."""

    code = "internal_error"


class UpstreamError(StewardError):
    """The model server failed."""

    status = 502
    type = "upstream_error"
    code = "upstream_error"


class UpstreamGarbage(UpstreamError):
    """The model server answered with something that is not its protocol."""

    code = "upstream_garbage"


class InvalidStructuredOutput(UpstreamGarbage):
    """The model did not answer in the form that was asked for."""

    code = "invalid_structured_output"
    never_again = True  # the model has been asked twice


class UpstreamCut(UpstreamError):
    """The model server stopped in the middle of its answer."""

    code = "upstream_cut"


class UpstreamOutOfMemory(UpstreamError):
    """The model server has not enough memory for this model."""

    code = "upstream_out_of_memory"


class Unavailable(StewardError):
    """This is not available right now."""

    status = 503
    type = "server_error"
    code = "unavailable"


class UpstreamUnreachable(Unavailable):
    """The model server cannot be reached."""

    code = "upstream_unreachable"


class Overloaded(Unavailable):
    """The model server is busy; try again shortly."""

    code = "overloaded"


class UpstreamTimeout(StewardError):
    """The model server did not answer in time."""

    status = 504
    type = "upstream_error"
    code = "upstream_timeout"


class ToolError(Exception):
    """The tool did not do what it was asked."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class ToolRetry(ToolError):
    """Try again with other arguments."""


class ToolFailed(ToolError):
    """This cannot be done."""


class ToolUnavailable(ToolFailed):
    """This tool is off on this server."""
