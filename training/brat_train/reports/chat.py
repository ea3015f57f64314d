"""A chat with a local server that speaks OpenAI's protocol (vLLM, llama.cpp, Ollama, LM Studio), through OpenAI's own client.

The client brings timeouts and retries with growing pauses (connection faults, 408, 409, 429 and 5xx). Reports are patients'
data: no proxy and no redirect is followed, and a server elsewhere has to be named twice.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

Message = dict[str, str]
JsonMode = Literal["none", "object", "schema"]


@dataclass(frozen=True)
class Server:
    """Which server, which model, and how patiently."""

    base_url: str
    model: str
    #: The one host besides this machine that may see reports.
    allow_host: str | None = None
    timeout_s: float = 300.0
    retries: int = 5
    max_tokens: int = 2048
    #: Environment variable that holds the server's key, if it wants one.
    key_variable: str | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"--base-url {self.base_url!r} is no address of a server, such as http://localhost:8000/v1")
        if not is_this_machine(parts.hostname) and parts.hostname != self.allow_host:
            raise ValueError(f"reports would leave this machine for {parts.hostname}: if they may, say so with --allow-host {parts.hostname}")


class ServerError(OSError):
    """The server refused, or could not be reached, in a way that the next report would meet as well."""


class ReplyError(Exception):
    """No reply to one request, after all retries."""


def is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Chat:
    """An open connection; use as an asynchronous context."""

    def __init__(self, server: Server) -> None:
        try:
            import openai
        except ImportError as error:
            raise ServerError("the client of OpenAI's protocol is missing: install brat-train[reports]") from error
        self._openai, self.server = openai, server
        key = os.environ.get(server.key_variable, "") if server.key_variable else ""
        self._client = openai.AsyncOpenAI(
            base_url=server.base_url,
            api_key=key or "none",
            organization="",
            project="",
            timeout=server.timeout_s,
            max_retries=server.retries,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False, follow_redirects=False),
        )

    async def __aenter__(self) -> Chat:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.close()

    async def ask(self, messages: Sequence[Message], response_format: dict[str, Any] | None = None) -> str:
        """The reply's text, at temperature 0 and top_p 1 as in the paper (8.2).

        Raises ReplyError when this request has no reply, ServerError when no request would have one.
        """
        openai = self._openai
        more = {} if response_format is None else {"response_format": response_format}
        try:
            reply = await self._client.chat.completions.create(
                model=self.server.model, messages=list(messages), temperature=0.0, top_p=1.0, max_tokens=self.server.max_tokens, **more
            )
            return reply.choices[0].message.content or ""
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise ServerError(f"the server refuses the key (HTTP {error.status_code}): name its environment variable with --api-key-variable") from error
        except openai.NotFoundError as error:
            raise ServerError(f"the server knows no model {self.server.model!r}, or --base-url lacks its /v1 (HTTP 404)") from error
        except openai.APIStatusError as error:
            raise ReplyError(f"HTTP {error.status_code}") from error
        except openai.APITimeoutError as error:
            raise ReplyError(f"no reply within {self.server.timeout_s:g} s") from error
        except openai.APIConnectionError as error:
            raise ReplyError("no connection") from error
        except (openai.APIError, ValueError, TypeError, IndexError, AttributeError) as error:
            # A server that speaks something else: the client then hands on what it could not read.
            raise ReplyError(f"a reply that cannot be read ({type(error).__name__})") from error


def first_of(error: BaseException) -> BaseException:
    """The first single error in a group of errors, which is what a user is told.

    Catch groups with `except`, not `except*`: some Python 3.11 put what is raised there into a group again.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
