"""The paper's two prompts, word for word: Figure 13 rewrites a report, Figure 14 asks for structured answers."""

from __future__ import annotations

import hashlib

from brat_train.reports.questions import QuestionSet

#: Figure 13. The report follows as a message of its own.
REWRITE = """\
You are a highly experienced radiologist. Re-write the given brain MRI report and only modify the following:
(a) Leave out any details not visible on T1-weighted post-contrast images. Note that T2/FLAIR hyperintensities can often be seen on T1 Images. Observations related to e.g. perfusion, plasma volume or K trans cannot be seen and should be excluded.
(b) Leave out any terms that suggest temporal change or progression (e.g. dates, "new", "increased", "previous", "now", "compared to", "since last", "more", "less", etc.)
(c) Remove any PHI."""

#: Figure 14 up to its questions.
ANSWER_HEAD = """\
You are a highly experienced radiologist. Accurately answer the questions below based on the given brain MRI report. Your output must be in json format.
(a) For each question, choose the appropriate answer (wording must match exactly). If answers are mutually exclusive, choose one. If multiple answers can apply, list all that are true, separated by semicolons (";").
(b) If the MRI report does not contain information to answer a specific question, use the default answer indicating a normal status.
(c) Note the following assumptions: meningiomas are considered enhancing lesions; burr holes and ventriculostomy and Ommaya catheters are considered prior surgery; punctate lesions are less than 1cm."""


def answer_instructions(questions: QuestionSet) -> str:
    """Figure 14 with a set of questions; with `PAPER` it is the figure itself."""
    lines = "\n".join(question.line() for question in questions.questions)
    return f"{ANSWER_HEAD}\nQuestions (Answer options):\n{lines}"


def answer_request(report: str) -> str:
    """The last line of Figure 14."""
    return f"Brain MRI report: {report}"


def digest(text: str) -> str:
    """What a text is known by in the journal: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
