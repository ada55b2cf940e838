"""Goes through the questions: each answer is judged at once, and asked for again if it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from telemetry.config.connections import Kubernetes
from telemetry.operations.init.cluster import Cluster
from telemetry.operations.init.draft import Draft, is_about
from telemetry.operations.init.question import Question, Situation
from telemetry.operations.init.questions import QUESTIONS

_BY_KEY = {each.key: each for each in QUESTIONS}


class User(Protocol):
    """Whoever answers."""

    def answer(self, question: Question, found: Sequence[str]) -> str:
        """Return the answer to a question; none is empty."""

    def refuse(self, findings: Sequence[str]) -> None:
        """Say why an answer is not taken."""

    def insists(self) -> bool:
        """Whether an answer shall stand that its system does not take now."""


@dataclass
class Interview:
    """The questions for one stack."""

    draft: Draft
    given: Mapping[str, str]
    """Answers that were given beforehand, by the question's key."""
    user: User | None
    """None: nobody is there to be asked. Then what was found is taken where it is one thing only."""
    tries: bool = True
    """Whether the cluster, S3 and Grafana are asked."""
    makes: bool = False
    """Whether keys that nobody gives are made, where nobody is there to say so."""
    made: set[str] = field(default_factory=set)
    """The keys that were made."""
    missing: dict[str, Sequence[str]] = field(default_factory=dict)
    """What nobody has answered, with what it was found to be."""
    refused: list[str] = field(default_factory=list)
    """What was found of answers that nobody is there to correct."""
    _cluster: Cluster | None = None

    def run(self) -> None:
        """Ask what is to be asked."""
        for index, question in enumerate(QUESTIONS):
            now = self._situation()
            if question.key in self.given or question.applies(now):
                self._settle(question, QUESTIONS[index + 1 :], now)

    def _situation(self) -> Situation:
        settings = self.draft.settings(examples=True)
        if self.tries and self._cluster is None and "kubernetes.context" in self.draft.answers:
            self._cluster = Cluster(Kubernetes.model_validate(settings["kubernetes"]))
        return Situation(settings, self._cluster, self.draft.findings())

    def _settle(self, question: Question, later: Sequence[Question], now: Situation) -> None:
        """Have a question answered, or note that it is not."""
        found = tuple(dict.fromkeys(question.found(now)))

        def is_its(finding: str) -> bool:
            return not is_about(finding, later) and (finding not in now.findings or is_about(finding, [question]))

        answer = self.given.get(question.key) or self._unasked(question, found) or self._asked(question, found)
        while True:
            wrong = [*filter(is_its, self._taken(question, answer))]
            problems = wrong or [*filter(is_its, self._tried(question, answer))]
            if not problems:
                return
            if self.user is None:
                self._note(question, answer, found, problems)
                return
            self.user.refuse(problems)
            if not wrong and self.user.insists():
                return
            self.draft.answers.pop(question.key, None)
            if not wrong and question.pair is not None:
                self._settle(_BY_KEY[question.pair], [question, *later], now)
            answer = self._unasked(question, found) or self._asked(question, found)

    def _unasked(self, question: Question, found: Sequence[str]) -> str:
        """Return what need not be asked: the other half of a pair that was made, and without a user what is certain."""
        if question.pair in self.made or (self.user is None and self.makes and question.make):
            return self._made(question)
        return found[0] if self.user is None and len(found) == 1 else ""

    def _asked(self, question: Question, found: Sequence[str]) -> str:
        return (self.user.answer(question, found) or self._made(question)) if self.user else ""

    def _made(self, question: Question) -> str:
        if question.make is None:
            return ""
        self.made.add(question.key)
        return question.make()

    def _taken(self, question: Question, answer: str) -> Sequence[str]:
        """Take an answer, and return what the program says of the settings then."""
        if answer:
            self.draft.answers[question.key] = question.read(answer)
        elif question.example is not None:
            return [f"telemetry:{question.key}: is not set"]
        return self.draft.findings()

    def _tried(self, question: Question, answer: str) -> Sequence[str]:
        """Return what the system says of its settings, where they are whole and it may be asked."""
        if not answer or not self.tries or question.key in self.made or self.draft.findings():
            return ()
        # Imported here: these clients take a second to load, and no other command has a use for them.
        from telemetry.operations.init.trials import TRIALS

        trial = TRIALS.get(question.key)
        return trial(*self.draft.load()) if trial else ()

    def _note(self, question: Question, answer: str, found: Sequence[str], problems: Sequence[str]) -> None:
        self.draft.answers.pop(question.key, None)
        if answer:
            self.refused += problems
        else:
            self.missing[question.key] = found
