"""A model's reply to Figure 14, checked: JSON with one of the fixed options for every question."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from brat_train.reports.questions import QUESTION_SETS, Question, QuestionSet


class InvalidReplyError(ValueError):
    """A reply that does not answer; the message is what the model is told when asked again."""


def parse_answers(reply: str, questions: QuestionSet) -> dict[str, str]:
    """Answers by question id, in the options' own words. Raises InvalidReplyError naming every fault."""
    found = {question.id: value for name, value in _pairs(_json_of(reply)) if (question := questions.find(name)) is not None}
    try:
        return _model(questions.name).model_validate(found).model_dump()
    except ValidationError as error:
        faults = [_fault(questions.by_id[str(problem["loc"][0])], found) for problem in error.errors()]
        raise InvalidReplyError("\n".join(faults)) from error


def response_schema(questions: QuestionSet) -> dict[str, Any]:
    """The answers as a JSON schema, for servers that hold a model to one."""
    texts = {
        question.text: {"type": "array", "items": {"enum": list(question.options)}, "minItems": 1} if question.several else {"enum": list(question.options)}
        for question in questions.questions
    }
    return {"type": "object", "properties": texts, "required": list(texts), "additionalProperties": False}


@cache
def _model(name: str) -> type[BaseModel]:
    """A field for every question that takes nothing but its options."""
    fields: dict[str, Any] = {question.id: (Annotated[str, BeforeValidator(_checker(question))], ...) for question in QUESTION_SETS[name].questions}
    return create_model(f"Answers_{name}", __config__=ConfigDict(extra="forbid", strict=True), **fields)


def _checker(question: Question) -> Callable[[object], str]:
    def check(value: object) -> str:
        answer = question.canonical(value)
        if answer is None:
            raise ValueError("none of the options")
        return answer

    return check


def _fault(question: Question, found: dict[str, Any]) -> str:
    options = "; ".join(question.options)
    if question.id not in found:
        return f'"{question.text}" is not answered. Choose from: {options}.'
    how = "one or several, separated by semicolons," if question.several else "exactly one"
    return f'"{question.text}": {json.dumps(found[question.id], ensure_ascii=False)[:200]} is not allowed. Choose {how} from: {options}.'


def _json_of(reply: str) -> Any:
    """The JSON in a reply, whatever stands around it (a code fence, a sentence, a model's thoughts before it)."""
    text = reply.rpartition("</think>")[2]
    decoder = json.JSONDecoder()
    for at, letter in enumerate(text):
        if letter in "{[":
            try:
                return decoder.raw_decode(text, at)[0]
            except ValueError:
                continue
    raise InvalidReplyError("Your output holds no JSON. Give one JSON object with an answer for every question.")


def _pairs(value: Any) -> list[tuple[str, Any]]:
    """Questions with answers: an object, one nested in an object of one key, or a list of question-and-answer objects."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(inner := next(iter(value.values())), dict | list) and all(isinstance(one, dict) for one in inner if isinstance(inner, list)):
        return _pairs(inner)
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        pairs = []
        for one in value:
            if isinstance(one, dict):
                low = {str(name).lower(): part for name, part in one.items()}
                pairs.extend([(str(low["question"]), low["answer"])] if {"question", "answer"} <= low.keys() else one.items())
        return pairs
    return []
